"""Places kept for a while for those who are still deciding."""
