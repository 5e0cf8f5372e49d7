"""Who is told when an evaluation fails: the setting, the message, and how it is sent."""
