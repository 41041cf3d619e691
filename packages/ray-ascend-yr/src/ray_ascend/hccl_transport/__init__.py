"""Ray Direct Transport over HCCL: tensors from one actor of a collective group to another.

    owner                                            source            receiver
    which group are both in? a new id ──Ray──►  Transfers.send ──HCCL──► Transfers.receive

Two-sided: Ray lets the source send while the receiver receives, each in a thread beside its tasks.
What the ranks of a group do in the meantime is not touched (`collective/pair.py`).
"""
