"""Errors of the etcd providers.

Exception
├── UnavailableError     this way gives no etcd; the next one may
└── EtcdError            an etcd that was asked for by its address, or that worked, does not answer
"""

from __future__ import annotations


class UnavailableError(Exception):
    """A provider cannot give an etcd on this machine.

    The text is one line: what failed, and what the user can do.
    """


class EtcdError(Exception):
    """An etcd does not answer although it should; the text has its address."""
