"""Builds the content of each document: released tables and charts in, blocks out.

`board_pack` and `technical_report` order the sections. `document` lays out blocks,
`released.wording` formats numbers and `released.citations` records where each comes from.
"""
