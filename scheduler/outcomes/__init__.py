"""The clinician's scores: scales, assessments, the alerts they raise, and what they say over a series."""
