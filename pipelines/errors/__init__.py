"""Faults an analyst can mend, and the exception that carries them."""
