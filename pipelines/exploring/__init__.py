"""A finished run opened to be explored, in a notebook or a program of one's own: read-only."""
