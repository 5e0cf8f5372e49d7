"""What each document says: functions that take released tables and charts and yield blocks.

`board_pack` and `technical_report` put them in order. How a block looks is `document`, how a number reads is
`released.wording`, where it comes from `released.citations`.
"""
