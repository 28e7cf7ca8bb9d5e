"""The only door to a patient's record, and the book of who did what."""
