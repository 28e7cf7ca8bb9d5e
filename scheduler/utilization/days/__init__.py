"""Days of a clinic as reports add them up: reckoned, kept, marked, and built again."""
