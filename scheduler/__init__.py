"""The domain of an infusion clinic: booking, scores, utilization. It knows no web, no environment and no clock."""
