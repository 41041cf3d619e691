"""A driver that joins a cluster at one of its nodes, and does there what a test tells it.

    test <--dialogue--> driver -- Ray -- a peer on each node that transfers

Started with `-m yr_conformance.nodes.life_driver ADDRESS HOST`; its environment is what the user of
such a driver has set. When its standard input ends, it ends as a program does, without cleaning up.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Final

from yr_conformance.dialogue import answers, serve
from yr_conformance.transfer.call_journal import created_keys, start_journal

ELEMENTS: Final = 10
PIECE_S: Final = 45.0
ROUNDS: Final = 25
COORDINATOR: Final = "YRBackendCoordinator"
SUPERVISOR: Final = "YRSupervisor_"
NAMESPACE: Final = "yr_backend"


class LifeDriver:
    """Registers, transfers and looks; public methods are what a test may ask for."""

    def __init__(self) -> None:
        self._peers: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._said: list[str] = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: self._said.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger("ray_ascend").addHandler(handler)

    def register(self) -> list[str]:
        """Register with the variables of this process; gives the warnings."""
        from yr_conformance.transfer.registration import register_transport

        self._said.clear()
        register_transport()
        return list(self._said)

    def cleanup(self) -> None:
        """Take the backend down."""
        from ray_ascend.utils import cleanup_yr_resources

        self.forget()
        cleanup_yr_resources()

    def clean_up_under_transfers(self, hosts: list[str]) -> list[str]:
        """Take the backend down while tensors are on their way; gives each one's `_outcome`."""
        import ray

        from ray_ascend.utils import cleanup_yr_resources

        peers = [self._peer(host) for host in hosts]
        sums = [
            receiver.apply.remote(_total, sender.make.remote(_filled, 1.0))
            for _ in range(ROUNDS)
            for receiver in peers
            for sender in peers
        ]
        ray.wait(sums, num_returns=len(hosts), timeout=PIECE_S)
        cleanup_yr_resources()
        return [_outcome(one) for one in sums]

    def shutdown(self) -> None:
        """Leave the cluster."""
        import ray

        self.forget()
        ray.shutdown()

    def forget(self) -> None:
        """Let all peers and objects of this driver go."""
        self._peers.clear()
        self._kept.clear()

    def sums(self, hosts: list[str]) -> list[float]:
        """Send a tensor from each node to each; gives the sums that arrived, by receiver, sender.

        Each pair has an object of its own: Ray warns of one that goes to others and back.
        """
        import ray

        peers = [self._peer(host) for host in hosts]
        sums = [
            receiver.apply.remote(_total, sender.make.remote(_filled, float(number)))
            for receiver in peers
            for number, sender in enumerate(peers)
        ]
        found: list[float] = ray.get(sums, timeout=PIECE_S)
        return found

    def transfer_error(self, hosts: list[str]) -> str:
        """Tell how a transfer from each of these nodes to each fails; "" if none does.

        If an actor has died, the next transfer has new ones.
        """
        import ray

        try:
            self.sums(hosts)
        except ray.exceptions.RayActorError as error:
            for host in hosts:
                self.renew(host)
            return str(error)
        except ray.exceptions.RayError as error:
            return str(error) or type(error).__name__
        return ""

    def get(self, host: str) -> float:
        """Get a tensor of a node's peer, here; gives its sum."""
        import ray

        reference = self._peer(host).make.remote(_filled, 1.0)
        return _total(ray.get(reference, timeout=PIECE_S))

    def put(self, name: str, host: str) -> list[str]:
        """Keep an object of a node's peer, and wait until it is stored; gives its keys."""
        import ray

        peer = self._peer(host)
        ray.get(peer.apply.remote(start_journal), timeout=PIECE_S)
        self._kept[name] = peer.make.remote(_filled, 1.0)
        keys: list[str] = ray.get(peer.apply.remote(created_keys), timeout=PIECE_S)
        return keys

    def read(self, name: str, host: str) -> float:
        """Let a node's peer add up an object that was kept."""
        import ray

        total = self._peer(host).apply.remote(_total, self._kept[name])
        found: float = ray.get(total, timeout=PIECE_S)
        return found

    def error_of(self, name: str, arguments: list[Any]) -> str:
        """Tell how one of these methods fails in Ray; "" if it does not."""
        import ray

        try:
            getattr(self, name)(*arguments)
        except ray.exceptions.RayError as error:
            return str(error) or type(error).__name__
        return ""

    def exist(self, address: str, keys: list[str]) -> bool:
        """Tell whether any of the keys is in a worker."""
        from yr.datasystem import KVClient

        host, _, port = address.rpartition(":")
        client = KVClient(host, int(port), connect_timeout_ms=5_000, req_timeout_ms=1_500)
        client.init()
        return any(client.exist(keys))

    def renew(self, host: str) -> None:
        """Let the next peer of a node be a new process."""
        self._peers.pop(host, None)

    def keep_alive(self, host: str) -> int:
        """Make a detached actor on a node; gives its process."""
        import ray

        made = _new_peer(host, name="detached", lifetime="detached", namespace="life")
        return int(ray.get(made.pid.remote(), timeout=PIECE_S))

    def end_detached(self) -> None:
        """End the detached actor."""
        import ray

        ray.kill(ray.get_actor("detached", namespace="life"))

    def pid_of_peer(self, host: str) -> int:
        """The process of a node's peer."""
        import ray

        return int(ray.get(self._peer(host).pid.remote(), timeout=PIECE_S))

    def questions(self) -> int:
        """How often processes have asked the coordinator for their worker."""
        import ray

        coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
        return int(ray.get(coordinator.questions.remote(), timeout=PIECE_S))

    def parts(self) -> dict[str, int]:
        """The processes of the backend's actors: that of the coordinator, and supervisors' by node.

        Only those that live and answer.
        """
        import ray

        hosts = {str(one["NodeID"]): str(one["NodeManagerAddress"]) for one in ray.nodes()}
        named = {COORDINATOR: COORDINATOR}
        named |= {f"{SUPERVISOR}{node}": host for node, host in hosts.items()}
        found: dict[str, int] = {}
        for name, place in named.items():
            try:
                actor = ray.get_actor(name, namespace=NAMESPACE)
                found[place] = int(ray.get(actor.__ray_call__.remote(_pid), timeout=2.0))
            except (ValueError, ray.exceptions.RayError):
                continue
        return found

    def living_nodes(self) -> list[str]:
        """The addresses of the nodes that Ray believes to live."""
        import ray

        living = [str(node["NodeManagerAddress"]) for node in ray.nodes() if node["Alive"]]
        return sorted(living)

    def _peer(self, host: str) -> Any:
        if host not in self._peers:
            self._peers[host] = _new_peer(host)
        return self._peers[host]


def main(address: str, host: str) -> None:
    """Join the cluster and serve."""
    import ray

    to = answers()
    ray.init(
        address=address,
        _node_ip_address=host,
        log_to_driver=False,
        logging_level="warning",
    )
    # Drivers that start at the same time share the time that this takes.
    importlib.import_module("ray_ascend")
    serve(LifeDriver(), to)


def _new_peer(host: str, **options: Any) -> Any:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from yr_conformance.transfer.peer import peer_class

    living = [node for node in ray.nodes() if node["Alive"]]
    (node,) = (str(one["NodeID"]) for one in living if one["NodeManagerAddress"] == host)
    affinity = NodeAffinitySchedulingStrategy(node, soft=False)
    return peer_class().options(scheduling_strategy=affinity, **options).remote()


def _filled(value: float) -> Any:
    import torch

    return torch.full((ELEMENTS,), value)


def _total(tensor: Any) -> float:
    return float(tensor.sum())


def _outcome(total: Any) -> str:
    """Tell how a transfer ended: "arrived", or its error, or what arrived instead."""
    import ray

    try:
        found = ray.get(total, timeout=PIECE_S)
    except ray.exceptions.GetTimeoutError:
        return "neither a tensor nor an error"
    except ray.exceptions.RayTaskError:
        return "failed"
    except ray.exceptions.RayError as error:
        return str(error) or type(error).__name__
    return "arrived" if found == ELEMENTS else f"{found} instead of {ELEMENTS}"


def _pid(_: Callable[..., Any]) -> int:
    return os.getpid()


if __name__ == "__main__":
    main(*sys.argv[1:3])
