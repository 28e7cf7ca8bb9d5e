"""The clinician's infusions: from check-in to a safe discharge."""
