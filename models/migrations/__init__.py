"""Schema changes in order, written by the ORM itself; see README "Database"."""
