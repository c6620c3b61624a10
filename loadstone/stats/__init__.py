"""Numbers in, numbers out: no noun, no clock, no file. Every formula names its public source."""
