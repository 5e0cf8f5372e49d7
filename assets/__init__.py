"""What the graph promises and when: everything that imports Dagster. The how is in `pipelines`."""
