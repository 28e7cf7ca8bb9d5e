"""A month on paper. `paper` draws it, and imports what draws; the rest is figures and words."""
