"""Charts of the released tables: one figure family a module; `gallery` draws, writes and reads them.

A chart sees released tables and nothing else. The page around it is `pipelines.board`, the words for
numbers are `pipelines.released.wording`. Nothing is imported here, so that importing the package stays light.
"""
