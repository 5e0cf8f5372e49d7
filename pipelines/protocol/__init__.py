"""`study.toml`: read, checked for contradictions, written as tables, drafted for a new study."""
