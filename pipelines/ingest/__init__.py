"""Reads a study's raw files into typed tables, one module per file format. `validation` checks the values."""
