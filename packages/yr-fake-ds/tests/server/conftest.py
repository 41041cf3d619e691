"""Fixtures of the server tests."""

from raw_client import connect
from served_worker import serve
from started_worker import worker

__all__ = ["connect", "serve", "worker"]
