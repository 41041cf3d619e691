"""Errors of the etcd providers.

Exception
├── UnavailableError     this way of getting an etcd is not there; the next one may be
└── EtcdError            an etcd that was asked for, or was started, does not work
"""

from __future__ import annotations


class UnavailableError(Exception):
    """A provider cannot give an etcd on this machine; the text says what is missing."""


class EtcdError(Exception):
    """An etcd does not answer although it should; the text has its address and its last words."""
