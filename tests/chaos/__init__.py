"""The crash harness: everything dies, again and again, and an eye of its own watches the target.

``make chaos SECONDS=1800 SEED=7``. Real processes over a real database, Valkey and target, the sandbox as Slack. A
stream of what people do and of what goes wrong comes out of a seed (:mod:`tests.chaos.plan`); what is true is seen
at the target and in the ledger as it grows (:mod:`tests.chaos.eyes`); in the end it is judged
(:mod:`tests.chaos.verdict`).
"""
