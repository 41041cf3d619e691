"""What is installed and set, on a machine without a Ray cluster."""

from __future__ import annotations

import contextlib
import http.server
import os
import pathlib
import re
import socket
import stat
import threading
from collections.abc import Iterator

import pytest
import ray
from conftest import free_port
from diagnosis import diagnose, run_doctor
from packaging.requirements import Requirement
from packaging.version import Version

from ray_ascend.backend.config import BackendConfig
from ray_ascend.doctor.child import run_probe
from ray_ascend.doctor.memory import check_memory
from ray_ascend.doctor.versions import SUPPORTED

FIELDS = {"name": str, "state": str, "text": str, "advice": str, "details": dict, "log": list}


@pytest.fixture(autouse=True)
def free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports for this test alone."""
    monkeypatch.setenv("YR_DS_WORKER_PORT", str(free_port()))
    monkeypatch.setenv("YR_DS_METASTORE_PORT", str(free_port()))


def shadowed(directory: pathlib.Path, module: str) -> str:
    """Give a PYTHONPATH on which a module of this name hides the installed one."""
    (directory / f"{module}.py").write_text("raise ImportError('hidden by a test')\n")
    return os.pathsep.join([str(directory), os.environ.get("PYTHONPATH", "")])


def with_dscli(directory: pathlib.Path, status: int) -> str:
    """Give a PATH with another `dscli` that ends with a status."""
    command = directory / "dscli"
    command.write_text(f"#!/bin/sh\necho 'no module named yr' >&2\nexit {status}\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return os.pathsep.join([str(directory), os.environ["PATH"]])


def test_an_installation_without_a_cluster_is_healthy() -> None:
    """No Ray cluster and no NPU are no errors; every record has the documented fields."""
    diagnosis = diagnose()

    assert diagnosis.status == 0
    assert diagnosis.document["healthy"] is True
    assert diagnosis["ray cluster"]["state"] == "skipped"
    assert {"python", "ray", "torch", "sdk", "dscli", "configuration"} <= {*diagnosis.names("ok")}
    for check in diagnosis.document["checks"]:
        assert {name: type(value) for name, value in check.items()} == FIELDS


def test_text_shows_the_same_as_json() -> None:
    """A person reads a line for each check, with its state first and the verdict last."""
    done = run_doctor()

    names = [check["name"] for check in diagnose().document["checks"]]
    shown = re.findall(
        r"^(?:ok|warning|error|skipped) +(\S+(?: \S+)*?)  ", done.stdout, re.MULTILINE
    )
    assert shown == names
    assert done.stdout.rstrip().splitlines()[-1].startswith("healthy: 0 errors")


def test_what_the_terminal_cannot_show_is_written_as_an_escape() -> None:
    """A value of the user's may have any character, and any byte."""
    done = run_doctor(YR_DS_WORKER_ENV="NAME=\u00e9\udcff", PYTHONIOENCODING="ascii:strict")

    assert done.returncode == 0, done.stderr
    assert r"NAME=\xe9\udcff" in done.stdout


def test_wrong_usage_has_a_status_of_its_own() -> None:
    """An unknown option ends with status 2 and prints how to call."""
    done = run_doctor("--no-such-option")

    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m ray_ascend")


def test_an_address_without_a_cluster_is_an_error() -> None:
    """A cluster that the user named, and that is not there, is not healthy."""
    diagnosis = diagnose(address=f"127.0.0.1:{free_port()}")

    assert diagnosis.status == 1
    assert diagnosis.names("error") == ["ray cluster"]
    assert "cannot be reached" in diagnosis["ray cluster"]["text"]


def test_a_bad_variable_is_found_with_its_text() -> None:
    """The finding has the words of the error that registering would raise."""
    diagnosis = diagnose(YR_DS_WORKER_PORT="abc")

    assert diagnosis.status == 1
    assert diagnosis.names("error") == ["configuration"]
    assert "YR_DS_WORKER_PORT='abc': must be a port number" in diagnosis["configuration"]["text"]
    assert diagnosis["ports"]["state"] == "skipped"


def test_a_taken_port_is_found_with_who_holds_it() -> None:
    """Somebody else's listener on the metastore's port is named with its process."""
    with socket.create_server((ray.util.get_node_ip_address(), 0)) as taken:
        port = taken.getsockname()[1]
        diagnosis = diagnose(YR_DS_METASTORE_PORT=str(port))

    assert diagnosis.status == 1
    assert diagnosis.names("error") == [f"port {port}"]
    assert f"process {os.getpid()}" in diagnosis[f"port {port}"]["text"]
    assert "YR_DS_METASTORE_PORT" in diagnosis[f"port {port}"]["advice"]


def test_a_missing_sdk_is_found(tmp_path: pathlib.Path) -> None:
    """An SDK that cannot be imported is an error with the reason and the remedy."""
    diagnosis = diagnose(PYTHONPATH=shadowed(tmp_path, "yr"))

    assert diagnosis.status == 1
    # The released `dscli` needs the SDK too; that of a stand-in may not.
    assert {"sdk"} <= {*diagnosis.names("error")} <= {"sdk", "dscli"}
    assert "hidden by a test" in diagnosis["sdk"]["text"]
    assert "pip install" in diagnosis["sdk"]["advice"]


def test_a_broken_ray_is_a_finding(tmp_path: pathlib.Path) -> None:
    """A check that cannot run says why, and the others run."""
    diagnosis = diagnose(PYTHONPATH=shadowed(tmp_path, "ray"))

    assert diagnosis.status == 1
    assert diagnosis.names("error") == ["ray cluster"]
    assert "ImportError: hidden by a test" in diagnosis["ray cluster"]["text"]


@pytest.mark.parametrize(
    ("status", "text"), [(3, "status 3: no module named yr"), (0, "does not belong to the SDK")]
)
def test_a_wrong_dscli_is_found(tmp_path: pathlib.Path, status: int, text: str) -> None:
    """A command that does not run, and one of another installation, are errors."""
    diagnosis = diagnose(PATH=with_dscli(tmp_path, status))

    assert diagnosis.status == 1
    assert diagnosis.names("error") == ["dscli"]
    assert text in diagnosis["dscli"]["text"]


class Etcd(http.server.BaseHTTPRequestHandler):
    """Answers as an etcd with a leader does."""

    def do_GET(self) -> None:
        """Answer every path."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"health":"true","reason":""}')

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextlib.contextmanager
def answering_member() -> Iterator[str]:
    """Give the address of something that answers as an etcd does."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Etcd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_etcd_is_asked_in_etcd_mode() -> None:
    """One dead member of two is a warning; when no member answers it is an error."""
    dead = f"127.0.0.1:{free_port()}"
    with answering_member() as member:
        one = diagnose(YR_DS_INIT_MODE="etcd", YR_DS_ETCD_ADDRESS=f"{member},{dead}")
    none = diagnose(YR_DS_INIT_MODE="etcd", YR_DS_ETCD_ADDRESS=dead)

    assert (one.status, one.names("warning")) == (0, [f"etcd {dead}"])
    assert one[f"etcd {member}"]["state"] == "ok"
    assert (none.status, none.names("error")) == (1, [f"etcd {dead}"])


def test_memory_is_compared_with_what_the_worker_takes() -> None:
    """More than the machine has is an error, and so are huge pages that it does not have."""
    config = BackendConfig(
        worker_args=(("shared_memory_size_mb", "99999999"), ("enable_huge_tlb", "true"))
    )

    findings = {finding.name: finding for finding in check_memory(config)}

    assert findings["memory"].state == "error"
    assert findings["huge pages"].state == "error"
    assert "vm.nr_hugepages" in findings["huge pages"].advice


def test_a_check_that_hangs_or_crashes_is_a_finding() -> None:
    """A child that is not done in time is ended, and one that fails says why."""
    (late,) = run_probe("sdk", [], 0.01)
    (unknown,) = run_probe("no-such-probe", [], 30)

    assert (late.state, late.text) == ("error", "did not answer within 0.01 s")
    assert "KeyError" in unknown.text


def test_supported_versions_are_those_that_the_package_declares() -> None:
    """The doctor's oldest versions are those of pyproject.toml."""
    pyproject = pathlib.Path(__file__).parents[2] / "pyproject.toml"
    declared = [
        Requirement(text)
        for text in re.findall(r'^    "([^"]+)",$', pyproject.read_text(), re.MULTILINE)
        if "::" not in text
    ]

    oldest = {
        requirement.name: Version(next(iter(requirement.specifier)).version)
        for requirement in declared
        if requirement.name in {support.name for support in SUPPORTED}
    }
    assert oldest == {support.name: support.oldest for support in SUPPORTED}
