"""Tables, queries with conditional claims, the ledger, migrations: the only SQL."""
