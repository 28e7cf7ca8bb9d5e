"""The manager's figures: how much of the clinic's time is open, booked and free."""
