"""All checks in the order in which a user reads them, with the slow ones side by side."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from ray_ascend.backend.config import BackendConfig
from ray_ascend.doctor.child import run_probe
from ray_ascend.doctor.configuration import NAME as CONFIGURATION
from ray_ascend.doctor.configuration import in_force, read_configuration
from ray_ascend.doctor.finding import Finding, failed

_SDK_TIMEOUT_S = 40.0
_NPU_TIMEOUT_S = 60.0
_CLUSTER_TIMEOUT_S = 75.0
_LOOPBACK = "127.0.0.1"

Result = TypeVar("Result")


def examine_all(address: str = "") -> list[Finding]:
    """Run every check; never raises, and returns within 110 s whatever hangs."""
    config, configuration = read_configuration(os.environ)
    remote_ids = dict(config.worker_args).get("remote_h2d_device_ids", "") if config else ""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        sdk = pool.submit(run_probe, "sdk", [], _SDK_TIMEOUT_S)
        npu = pool.submit(run_probe, "npu", [remote_ids], _NPU_TIMEOUT_S)
        cluster = pool.submit(run_probe, "ray cluster", [address], _CLUSTER_TIMEOUT_S)
        findings = _guarded("versions", _versions)
        found_sdk = _guarded("sdk", sdk.result)
        findings += found_sdk
        findings += _guarded("dscli", lambda: _dscli(found_sdk))
        found_cluster = _guarded("ray cluster", cluster.result)
        findings += [configuration, *_local(in_force(found_cluster) or config, found_cluster)]
        findings += [*_guarded("npu", npu.result), *found_cluster]
    return findings


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Tell whether nothing is wrong; warnings are no errors."""
    return all(finding.state != "error" for finding in findings)


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Carry out a check; one that raises anything at all is a finding itself."""
    findings: list[Finding] = []
    try:
        findings.extend(check())
    except Exception as error:  # this is the place where nothing may pass
        findings.append(failed(name, error))
    return findings


def _versions() -> Iterable[Finding]:
    from ray_ascend.doctor.versions import check_versions

    return check_versions()


def _dscli(sdk: list[Finding]) -> Iterable[Finding]:
    from ray_ascend.doctor.dscli import check_dscli

    return [check_dscli(sdk[0] if sdk else None)]


def _local(config: BackendConfig | None, cluster: list[Finding]) -> list[Finding]:
    """Check this machine against the settings: the running backend's, else this shell's."""
    if config is None:
        text = f"not checked: see {CONFIGURATION}"
        return [Finding(name, "skipped", text) for name in ("ports", "memory", "etcd")]
    from ray_ascend.doctor.etcd import check_etcd_members
    from ray_ascend.doctor.memory import check_memory
    from ray_ascend.doctor.ports import check_ports

    host = _node_address(cluster)
    return [
        *_guarded("ports", lambda: check_ports(config, cluster, host)),
        *_guarded("memory", lambda: check_memory(config)),
        *_guarded("etcd", lambda: check_etcd_members(config)),
    ]


def _node_address(cluster: list[Finding]) -> str:
    """Give the address at which this machine's worker listens, as Ray sees it."""
    for finding in cluster:
        if "node_address" in finding.details:
            return str(finding.details["node_address"])
    try:
        import ray

        return str(ray.util.get_node_ip_address())
    except (ImportError, OSError):
        return _LOOPBACK
