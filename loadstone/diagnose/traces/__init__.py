"""Traces read once: what they add up to, and single spans of a few."""
