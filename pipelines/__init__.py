"""How everything is computed: plain Python and SQL. What the graph promises, and Dagster, are in `assets`."""
