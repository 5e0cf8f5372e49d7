"""Documents as typed blocks, and how a block looks in HTML and in a PDF."""
