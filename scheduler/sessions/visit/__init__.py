"""What is asked of a patient who has come, and whether they are cleared for the drug."""
