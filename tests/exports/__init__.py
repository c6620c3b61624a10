"""Exports of other people's tracing, made here: names, conventions and defects as real ones have them."""
