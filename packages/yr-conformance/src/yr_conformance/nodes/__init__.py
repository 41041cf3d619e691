"""Ray clusters of several nodes and drivers, any of which a test may end in any way."""
