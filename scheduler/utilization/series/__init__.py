"""The report on series: begun, completed in time, on schedule, given up."""
