"""PostgreSQL: what it counted for each statement, what its sessions waited for, and how it answers the statements."""
