"""The desk. Read in this order, it tells the whole story of a request.

``opening``     what somebody asks or presses is stored, before it is answered
``assessing``   who asks, what the policy says now, which account, what is there already: looked at, nothing changed
``deciding``    refused, asked of people, or planned
``asking``      the right people are asked; reminders, escalation, time-out (``quorum``: the arithmetic)
``judging``     presses are judged in stored order: ``approving``, ``extending``, ``ending``, ``house``
``giving``      the end is committed, the target called, read back, said
``causes``      its incident is resolved: an earlier end; its holder's shift is over: the question
``paging``      somebody is woken for it, and let go of when it is answered
``taking``      taken back on time, read back, again until it is gone (``calling``: the target; ``together``: many ends)
``away``        the same while the database is not there, from memory (``remembering``), with a ``journal``
``drift``       what every target says is held against what was given (``mending``: what follows); ``holders``: who left

The rules that hold in all of it are in ``docs/walk.md``. The functions of this package take the ``Desk`` (its
collaborators) and a piece of due work, and leave one or more committed steps behind.
"""
