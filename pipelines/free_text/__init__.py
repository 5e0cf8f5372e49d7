"""Schools' own words: whether a text may name a person or count pupils."""
