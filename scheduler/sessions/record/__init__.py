"""The record of a session as it is read and corrected: flowsheet, paper, live board, newer versions."""
