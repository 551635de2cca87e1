"""Database and queue of the first release as it leaves them in the middle of everything, and how to record them.

``python -m tests.recorded`` records them anew. What was released is not recorded again: a later version has to take it
over as it stands.
"""
