"""The waiting list, and offering what becomes free to those on it."""
