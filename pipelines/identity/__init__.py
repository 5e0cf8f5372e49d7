"""Decides which school each URN belongs to, through conversions, mergers, splits and renumbering.

`evidence` interprets the register and its links, `resolution` decides, `corrections` checks an analyst's own
decisions, and `table` builds `mart.school_identity`.
"""
