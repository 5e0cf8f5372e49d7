"""Faults that an analyst can correct, and the exception that carries them."""
