"""Which school a URN is, over conversion, merger, split and re-numbering.

`evidence` reads what the register and its links say, `resolution` decides, `corrections` holds an
analyst's own decisions to what is known now, `table` makes `mart.school_identity`. A file's rows are
`ingest`'s; what is made of the schools is `marts`'.
"""
