"""Effects from school-level arrays: panel, inference, estimators, headline, one row a method.

Numbers know no file and no table: `cells`, `study_effects`, `design` and `study_power` put them to a
study's. Cells are built in `pipelines/marts`, and what may be shown is decided in `pipelines/disclosure`.
"""
