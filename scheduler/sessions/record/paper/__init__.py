"""A flowsheet on one sheet of paper. Nothing of this is imported before somebody asks for it."""
