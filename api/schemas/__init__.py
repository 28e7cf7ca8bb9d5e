"""Shapes of what comes in and what goes out. No queries, no permissions."""
