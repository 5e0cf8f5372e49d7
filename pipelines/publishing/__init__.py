"""Finished runs: builds, publishes and deletes them."""
