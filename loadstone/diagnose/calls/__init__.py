"""What calls of other services tell: shared by the faults of calls."""
