"""What removing a fault would gain: the recorded timeline inverted into load-free demands, and replayed without it."""

from __future__ import annotations

from loadstone.stats.gain.prediction import predict
from loadstone.stats.gain.timeline import DATABASE, OTHER, Bounded, Gain, Levels, Quantiles, Removal, Timeline

__all__ = ["DATABASE", "OTHER", "Bounded", "Gain", "Levels", "Quantiles", "Removal", "Timeline", "predict"]
