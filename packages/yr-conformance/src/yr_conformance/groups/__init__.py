"""Collective groups: actors of the session as ranks, what they do together, and what is right."""
