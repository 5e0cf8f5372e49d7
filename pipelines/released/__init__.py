"""The released tables: one SELECT per table, filled behind the disclosure gate, and functions to read
them."""
