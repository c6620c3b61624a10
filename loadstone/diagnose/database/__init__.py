"""What statements, plans, locks and rows tell: shared by the faults of the database."""
