"""The disclosure gate: everything published passes it, and small figures are suppressed there."""
