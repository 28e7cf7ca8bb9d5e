"""Where the hours went, as pictures. `drawing` draws, and imports what draws; the rest is figures and words."""
