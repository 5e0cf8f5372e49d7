"""One study's settings, and the fixed facts they refer to: measures, key stages, series and paths."""
