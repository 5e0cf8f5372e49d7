"""Checks values against the catalogue, with rules, suites built from rules, and faults in plain words."""
