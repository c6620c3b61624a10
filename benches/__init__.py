"""Side-by-side benchmarks: they print ratios and assert nothing."""
