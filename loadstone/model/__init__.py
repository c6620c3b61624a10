"""Nouns: frozen structs that are handed from room to room. They parse, print and hold their invariants."""
