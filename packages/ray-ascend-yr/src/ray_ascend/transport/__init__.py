"""Ray's interface to a tensor transport, and nothing of any device."""
