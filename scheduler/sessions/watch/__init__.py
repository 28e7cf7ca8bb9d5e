"""What is observed: vitals and when they are due, alarms, adverse events."""
