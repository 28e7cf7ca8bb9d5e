"""Planning problems as values, and what answers them: at once, or with a solver to a proven bound."""
