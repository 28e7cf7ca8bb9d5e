"""The chairs' report: how much of the time was used, and where the rest went."""
