"""Scales as data, and the one way in which answers become a score."""
