"""Documents as typed blocks, each rendered by one HTML macro and one Typst function."""
