"""Differences within pairs of runs: estimates, intervals, when to stop, how much can be seen."""
