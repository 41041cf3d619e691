"""The Ray cluster that is running, its coordinator, and the worker of each of its nodes.

    ray.init(address) --> coordinator.report() --> a task on each node: examine its worker

Runs in a child process, as a driver of its own, which starts nothing but those tasks.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ray_ascend.backend.config import BackendConfig
from ray_ascend.backend.report import BackendReport, NodeReport
from ray_ascend.doctor.configuration import compare, describe
from ray_ascend.doctor.finding import Finding
from ray_ascend.doctor.node_examination import examine
from ray_ascend.errors import ConfigurationError
from ray_ascend.store.actor_names import COORDINATOR, NAMESPACE

_CONNECT_TIMEOUT_S = 3.0
_ANSWER_TIMEOUT_S = 10.0
_NODES_TIMEOUT_S = 40.0
_ADDRESS = "RAY_ADDRESS"


def probe(address: str = "") -> Iterator[Finding]:
    """Connect to the cluster at the address, or at RAY_ADDRESS, or Ray's default, and look."""
    address = address or os.environ.get(_ADDRESS, "") or "auto"
    # With this one ray.init would start a cluster.
    if address == "local":
        yield Finding("ray cluster", "skipped", f"{_ADDRESS} is 'local': none is looked for")
        return
    if problem := _why_not_reachable(address):
        advice = f"check --address or {_ADDRESS}, and that the cluster runs"
        yield Finding("ray cluster", "error", f"{address}: {problem}", advice)
        return
    try:
        context = ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError as error:
        if address == "auto":
            yield Finding("ray cluster", "skipped", "none is running on this machine")
        else:
            yield Finding("ray cluster", "error", f"{address}: {error}")
        return
    yield _cluster(context.address_info)
    yield from _backend()


def _why_not_reachable(address: str) -> str:
    """Try the port first: Ray itself waits long for a cluster that has gone."""
    if address == "auto":
        return ""
    host, colon, port = address.rpartition(":")
    if "://" in address or not colon or not port.isdigit():
        return "must be HOST:PORT of a cluster of which this machine is a node"
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_TIMEOUT_S).close()
    except OSError as error:
        return f"cannot be reached: {error}"
    return ""


def _cluster(information: dict[str, Any]) -> Finding:
    nodes = [node for node in ray.nodes() if node["Alive"]]
    address = information["gcs_address"]
    text = f"{address}, nodes: {len(nodes)}"
    details = {"address": address, "node_address": information["node_ip_address"]}
    return Finding("ray cluster", "ok", text, details=details)


def _backend() -> Iterator[Finding]:
    try:
        coordinator = ray.get_actor(COORDINATOR, namespace=NAMESPACE)
    except ValueError:
        text = "there is none in this cluster: no backend runs"
        advice = "call register_yr_tensor_transport() in the driver"
        yield Finding("coordinator", "warning", text, advice)
        return
    try:
        report: BackendReport = ray.get(coordinator.report.remote(), timeout=_ANSWER_TIMEOUT_S)
    except ray.exceptions.GetTimeoutError:
        text = f"does not answer within {_ANSWER_TIMEOUT_S:g} s"
        advice = "call cleanup_yr_resources() in a driver, and register again"
        yield Finding("coordinator", "error", text, advice)
        return
    except (ray.exceptions.RayError, AttributeError) as error:
        yield Finding("coordinator", "error", f"cannot answer: {error}")
        return
    yield _coordinator(report)
    yield from _nodes(report)


def _coordinator(report: BackendReport) -> Finding:
    if report.config is None:
        text = "runs, without a backend"
        advice = "call register_yr_tensor_transport() in the driver"
        return Finding("coordinator", "warning", text, advice)
    details = {**dataclasses.asdict(report.config), "head": report.head}
    text = f"in force: {describe(report.config)}"
    if differences := compare(_own_config(), report.config):
        text = f"{text}; unlike in this shell: {', '.join(differences)}"
        advice = "call cleanup_yr_resources() in a driver, and register again to change them"
        return Finding("coordinator", "warning", text, advice, details)
    return Finding("coordinator", "ok", text, details=details)


def _own_config() -> BackendConfig | None:
    try:
        return BackendConfig.from_env()
    except ConfigurationError:
        return None


def _nodes(report: BackendReport) -> Iterator[Finding]:
    alive = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    known = {node.node_id: node for node in report.nodes}
    for node_id in alive.keys() - known.keys():
        text = "has no worker yet; it gets one when a process on it first needs it"
        yield Finding(f"node {alive[node_id]}", "ok", text, details={"node_id": node_id})
    for node in report.nodes:
        if node.node_id not in alive:
            text = f"node {node.node_id[:12]} has left the Ray cluster; its objects are lost"
            yield Finding(f"node {node.host}", "warning", text)
    asked = {_ask(node): node for node in known.values() if node.endpoint and node.node_id in alive}
    yield from _starting(report, alive)
    yield from _answers(asked)


def _starting(report: BackendReport, alive: dict[str, str]) -> Iterator[Finding]:
    for node in report.nodes:
        if node.endpoint is None and node.node_id in alive:
            text = "its worker is being started at this moment"
            yield Finding(f"node {alive[node.node_id]}", "warning", text, "ask again")


def _ask(node: NodeReport) -> Any:
    on_node = NodeAffinitySchedulingStrategy(node.node_id, soft=False)
    task = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=on_node)(examine)
    return task.remote(node.endpoint)


def _answers(asked: dict[Any, NodeReport]) -> Iterator[Finding]:
    ready, late = (
        ray.wait([*asked], num_returns=len(asked), timeout=_NODES_TIMEOUT_S) if asked else ([], [])
    )
    for ref in ready:
        node = asked[ref]
        try:
            yield ray.get(ref)
        except ray.exceptions.RayError as error:
            text = f"node {node.node_id[:12]} could not be examined: {error}"
            yield Finding(f"worker on {node.host}", "error", text)
    for ref in late:
        text = f"node {asked[ref].node_id[:12]} did not answer within {_NODES_TIMEOUT_S:g} s"
        yield Finding(f"worker on {asked[ref].host}", "error", text)
