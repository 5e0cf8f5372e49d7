"""Are the values what the catalogue says? Rules, suites made of them, and faults in plain words."""
