"""``make bench``: how fast and how large it is, measured on real processes. Nothing in the tests is timed.

``scene`` starts a whole installation; ``giving``, ``taking`` and ``record`` measure it; ``alone`` measures
what needs none; ``figures`` says what every number has to be; ``report`` prints and keeps it.
"""
