"""`study.toml`: reads it, checks it for contradictions, writes it as tables, and drafts one for a new
study."""
