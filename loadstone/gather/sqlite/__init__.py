"""SQLite: which databases a service has open, and how SQLite answers the statements that spans saw."""
