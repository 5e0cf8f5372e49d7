"""Effects from school-level arrays: panel, inference, estimators, headline, one row a method.

Nothing here opens a file, queries a table or draws; cells are built in `pipelines/marts`, and what
may be shown is decided in `pipelines/disclosure`.
"""
