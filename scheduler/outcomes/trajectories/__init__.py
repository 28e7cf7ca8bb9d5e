"""What a patient's scores say over a course: pure values and figures, one reader of the database, one picture."""
