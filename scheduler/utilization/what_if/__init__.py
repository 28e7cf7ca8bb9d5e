"""What if: the same demand placed by the same engine, in the clinic as it is and in the clinic as it would be."""
