"""What the lines of access logs look like: formats by name, from a server's configuration, or found by looking."""

from loadstone.traffic.access_log.detect import detect, named
from loadstone.traffic.access_log.known import NAMES
from loadstone.traffic.access_log.line_format import LineFormat

__all__ = ["NAMES", "LineFormat", "detect", "named"]
