"""Finished runs: built, switched to, and kept for a while."""
