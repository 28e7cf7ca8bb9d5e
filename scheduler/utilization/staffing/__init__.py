"""The report on nurses and prescribers: what visits asked of them against what was on duty."""
