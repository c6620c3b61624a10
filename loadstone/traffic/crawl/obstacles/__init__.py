"""What a newcomer meets on the way to a measurement, and what to do: functions of what was met, without I/O."""

from __future__ import annotations

from loadstone.traffic.crawl.obstacles.database import obstacle_of_database
from loadstone.traffic.crawl.obstacles.met import Met
from loadstone.traffic.crawl.obstacles.network import obstacle_of_failure
from loadstone.traffic.crawl.obstacles.profiling import obstacle_of_profiler
from loadstone.traffic.crawl.obstacles.replies import obstacle_of_reply
from loadstone.traffic.crawl.obstacles.several import obstacles_of

__all__ = [
    "Met",
    "obstacle_of_database",
    "obstacle_of_failure",
    "obstacle_of_profiler",
    "obstacle_of_reply",
    "obstacles_of",
]
