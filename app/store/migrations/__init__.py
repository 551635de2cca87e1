"""The database's history, one file a change, oldest first. Never edit one that was released."""
