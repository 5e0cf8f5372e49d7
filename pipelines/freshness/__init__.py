"""What each part of a run is made from, and whether it must be made again."""
