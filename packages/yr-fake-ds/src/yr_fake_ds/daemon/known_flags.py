"""Flags of the released worker that ask for what the fake cannot do.

Which flags there are, and of which kinds, the profile says: those of the release's configuration
file, and `authorization_enable`, which its worker takes too: without an IAM service no client gets
an answer then. The fake acts on the flags of `WorkerSettings`; of the others it accepts those that
decide about speed, logs and threads, and refuses the values that would change what a client can
observe.
"""

from collections.abc import Mapping
from typing import Final

_OFF: Final = frozenset({"false", "f", "no", "n", "0"})
_SECURITY: Final = "it checks no identity of clients and encrypts nothing between them"
_HARDWARE: Final = "there is no such hardware in it; use the released dscli"
_DISK: Final = "it keeps all values in memory and writes none to a disk or to object storage"
DEMANDING: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "l2_cache_type": (frozenset({"none"}), _DISK),
    "spill_directory": (frozenset(), _DISK),
    "shared_disk_directory": (frozenset(), _DISK),
    "spill_to_remote_worker": (_OFF, "a full worker is full"),
    "enable_lossless_data_exit_mode": (_OFF, "values of a stopped worker are lost"),
    "enable_data_replication": (
        frozenset({"true", "t", "yes", "y", "1"}),
        "a value read from another worker is always kept as a replica",
    ),
    "enable_meta_replica": (_OFF, "metadata is kept by one worker only"),
    "enable_metadata_recovery": (_OFF, "metadata is lost with the worker that keeps it"),
    "other_cluster_names": (frozenset(), "it has one cluster"),
    "kv_events_config": (frozenset(), "it publishes no events"),
    "remote_h2d_device_ids": (frozenset(), _HARDWARE),
    "enable_huge_tlb": (_OFF, _HARDWARE),
    "enable_rdma": (_OFF, _HARDWARE),
    "enable_urma": (_OFF, _HARDWARE),
    "authorization_enable": (_OFF, _SECURITY),
    "enable_curve_zmq": (_OFF, _SECURITY),
    "iam_kit": (frozenset({"none"}), _SECURITY),
    "system_access_key": (frozenset(), _SECURITY),
    "tenant_access_key": (frozenset(), _SECURITY),
}
"""A flag with the values that are harmless (the empty one always is), and why others are not."""
