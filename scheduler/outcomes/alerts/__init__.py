"""What somebody must look at: raised with the answers that show it, owned, escalated, closed by a person."""
