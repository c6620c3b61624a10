"""Profiles of the service's processes: where they are on the CPU, hold the interpreter's lock, wait, allocate."""
