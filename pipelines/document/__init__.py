"""Documents as typed blocks, and how each block looks: one HTML macro and one Typst function a block."""
