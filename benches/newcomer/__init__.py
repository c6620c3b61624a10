"""Services that nobody here wrote, met as a newcomer meets them: what ``loadstone init`` finds, and whether it runs."""
