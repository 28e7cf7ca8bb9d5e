"""What a clinic reaches with its induction courses, with the numbers behind every share, for the manager."""
