"""What a worker holds, put together for test authors and for `yr-fake-ds top`."""

from __future__ import annotations

import os

from yr_fake_ds import protocol
from yr_fake_ds.daemon.clients import Clients
from yr_fake_ds.daemon.memory import Memory
from yr_fake_ds.directory.remote import DirectoryLostError
from yr_fake_ds.directory.service import Directory
from yr_fake_ds.faults.injection import Injector
from yr_fake_ds.journal import Journal


class Inspector:
    """Answers Inspect; used from all threads of the worker, disturbs none."""

    def __init__(
        self,
        worker_id: str,
        memory: Memory,
        clients: Clients,
        journal: Journal,
        directory: Directory,
        injector: Injector,
    ) -> None:
        self._worker_id = worker_id
        self._memory = memory
        self._clients = clients
        self._journal = journal
        self._directory = directory
        self._injector = injector

    def inspect(self, *, journal: bool) -> protocol.Inspection:
        """Say what the worker holds now, and with `journal` what it served last."""
        with self._memory.changed:
            blocks = self._memory.blocks
            copies = [(block.name, block) for block in blocks.copies() if block.name]
            states = [
                protocol.ObjectState(
                    name[0], block.size, sum(block.holders.values()), None, block.replica
                )
                for name, block in copies
            ]
            used, held = blocks.allocator.used, blocks.references()
        return protocol.Inspection(
            worker_id=self._worker_id,
            pid=os.getpid(),
            clients=self._clients.ids(),
            objects=self._with_ttl(states),
            arena_bytes=self._memory.arena.capacity,
            used_bytes=used,
            held_references=held,
            calls=self._journal.counts(),
            journal=self._journal.entries() if journal else [],
            faults=self._injector.fired(),
        )

    def _with_ttl(self, states: list[protocol.ObjectState]) -> list[protocol.ObjectState]:
        """Add the times that are left, which the directory knows, if it answers."""
        try:
            found = self._directory.locate([state.key for state in states], 0)
        except DirectoryLostError:
            return states
        return [
            protocol.ObjectState(
                state.key,
                state.size,
                state.references,
                located.remaining_s if located else None,
                state.replica,
            )
            for state, located in zip(states, found, strict=True)
        ]
