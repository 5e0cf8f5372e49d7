"""The one door to `released`: what leaves the marts, and what is withheld on the way."""
