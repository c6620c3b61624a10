"""From evidence to what it says: pure functions of nouns."""
