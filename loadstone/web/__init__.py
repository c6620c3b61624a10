"""The pages over the whole archive, on loopback."""
