"""The working store of one study, and the files kept beside it."""
