"""Estimates programme effects from school-level arrays: panel, inference, estimators, headline.

Most modules work on arrays only. `cells`, `study_effects`, `design` and `comparison` apply them to a study's
tables. Marts are built in `pipelines/marts`; `pipelines/disclosure` decides what may be published.
"""
