"""Small sick services, each with one fault, one cure, one switch between them, and what a diagnosis must say."""
