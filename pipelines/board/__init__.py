"""The page for the board: findings in words, tables of words, and the page that holds them.

Reads released tables and drawn charts only; estimates are `pipelines.impact`, figures
`pipelines.charts`, the wording of single numbers `pipelines.wording`.
"""
