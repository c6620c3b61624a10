"""Where a step's time goes, and what its slow requests have in common."""
