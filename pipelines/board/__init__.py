"""What the board reads: findings in words, tables of words, and the page and PDF that hold them.

Reads released tables and drawn charts only; estimates are `pipelines.impact`, figures
`pipelines.charts`, the wording of single numbers `pipelines.released.wording`.
"""
