"""Files of past scores and of patients: checked whole, written in pieces, the same however often they come."""
