"""Are the values what the catalogue says? Rules, the suites made of them, and faults in an analyst's words."""
