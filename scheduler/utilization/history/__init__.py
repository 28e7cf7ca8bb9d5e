"""What took place, as reports look back on it: visits, the days they fell on, and what stood in the book."""
