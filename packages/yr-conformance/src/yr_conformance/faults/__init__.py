"""Faults made on purpose, and what was seen of them."""
