"""Measured claims: `make bench` writes `bench/results.md`."""
