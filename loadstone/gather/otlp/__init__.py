"""OTLP traces: a receiver in a process of its own, which spools while the load runs; decoding comes afterwards."""
