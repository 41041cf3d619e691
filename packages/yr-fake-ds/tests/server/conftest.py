"""Fixtures of the server tests."""

from started_worker import worker

__all__ = ["worker"]
