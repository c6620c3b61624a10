"""Meeting a service that nobody here has seen: what ``loadstone init`` does."""
