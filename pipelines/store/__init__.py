"""The working store of one study, and what is kept beside it."""
