"""What lies behind the disclosure gate: the released SELECTs, one a table, and reading what they made."""
