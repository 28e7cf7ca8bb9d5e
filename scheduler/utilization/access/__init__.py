"""The report on access to care: how long whoever asks has to wait, and how full the book was."""
