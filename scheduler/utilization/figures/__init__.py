"""What a report says: figures with their formulas, lines, rows, and tables to take away."""
