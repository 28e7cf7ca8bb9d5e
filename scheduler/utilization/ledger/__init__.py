"""What every open minute of a chair was: used, turnover, or lost to one cause."""
