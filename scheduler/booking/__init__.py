"""The scheduler's work: what is free, which series fit, and booking one whole or not at all."""
