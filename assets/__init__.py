"""The Dagster graph: everything that imports Dagster. Computation is in `pipelines`."""
