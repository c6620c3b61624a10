"""The machine, the service's processes and its control group, read from /proc and /sys once a second."""
