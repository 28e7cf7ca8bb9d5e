"""Questions put to a patient: sent, opened by a link or a code, answered once."""
