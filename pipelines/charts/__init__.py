"""Charts of the released tables: one module for each family; `gallery` draws, writes and reads.

A chart reads released tables only. `pipelines.board` builds the page around it and
`pipelines.released.wording` formats numbers. The package imports nothing, so importing it is fast.
"""
