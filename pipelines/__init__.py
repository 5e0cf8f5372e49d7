"""How everything is computed, in plain Python and SQL. Dagster is used in `assets` only."""
