"""How a patient leaves and the record is closed: discharge, signature, monitoring forms."""
