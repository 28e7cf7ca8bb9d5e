"""The report on flow: waits, starts on time, and how long visits really take."""
