"""Changes of running series: found, shown, and carried out whole."""
