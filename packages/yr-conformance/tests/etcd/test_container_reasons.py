"""Why there is no etcd in a container: each way to fail costs seconds, and leaves one line."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import pathlib
import socket
from collections.abc import Callable, Iterator

import packaging.version
import psutil
import pytest
from scripted_engine import Answer, ScriptedEngine, closed_port, hangs, scripted_engine

from yr_conformance.etcd.container import ContainerEtcd
from yr_conformance.etcd.errors import UnavailableError
from yr_conformance.etcd.provision import Provision, Wishes
from yr_conformance.etcd.steps import Limits

IMAGE = "registry/etcd:1"
DOCKER_WITH_CONTEXTS = packaging.version.Version("7.2")
PATIENT = Limits()
IMPATIENT = Limits(answer_s=1.2)
Why = Callable[..., str]


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """No setting of this machine's libraries, and no reaper unless a test wants one."""
    pytest.importorskip("testcontainers")
    for name in list(os.environ):
        if name.startswith(("DOCKER_", "TESTCONTAINERS_", "TC_", "RYUK_", "XDG_RUNTIME")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedEngine]:
    """An engine at a TCP port, which DOCKER_HOST names."""
    with scripted_engine(IMAGE) as (made, host):
        monkeypatch.setenv("DOCKER_HOST", host)
        yield made


@pytest.fixture
def reaper_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], dict[str, object]]:
    """Let testcontainers use a reaper; gives the mapping of its port to one of this machine."""
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "false")
    monkeypatch.setenv("RYUK_CONTAINER_IMAGE", IMAGE)
    monkeypatch.setenv("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
    monkeypatch.setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
    return lambda port: {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}


@pytest.fixture
def why(tmp_path: pathlib.Path) -> Why:
    """Try to get an etcd; gives the reason, in one line, after which nothing is left."""
    home = tmp_path / "home"
    home.mkdir()

    def fail(image: str = IMAGE, limits: Limits = PATIENT) -> str:
        environment = dict(os.environ)
        with pytest.raises(UnavailableError) as raised:
            ContainerEtcd(image, str(home), limits)
        assert dict(os.environ) == environment
        assert list(home.iterdir()) == []
        assert [one for one in psutil.Process().children() if "keeper" in _command(one)] == []
        reason = str(raised.value)
        assert "\n" not in reason
        return reason

    return fail


def _command(process: psutil.Process) -> str:
    return " ".join(process.cmdline()) if process.is_running() else ""


def test_an_engine_that_takes_connections_and_says_nothing_costs_the_time_of_one_answer(
    monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """The reason names the engine."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        monkeypatch.setenv("DOCKER_HOST", host)

        assert why(limits=IMPATIENT) == (
            f"no container engine at {host} (TimeoutError: timed out): "
            "start one that this user may use, or name it with DOCKER_HOST"
        )


@pytest.mark.parametrize(
    ("host", "cause"),
    [
        ("unix:///nowhere.sock", "FileNotFoundError: [Errno 2] No such file or directory"),
        ("tcp://127.0.0.1", "port is required"),
        ("smoke://signal", "Invalid bind address protocol"),
    ],
)
def test_where_no_engine_is_the_place_is_named(
    host: str, cause: str, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """What DOCKER_HOST says is in the reason, and what is wrong with it."""
    monkeypatch.setenv("DOCKER_HOST", host)

    reason = why()

    assert reason.startswith(f"no container engine at {host} (")
    assert cause in reason


def test_a_rootless_engine_that_nobody_named_is_pointed_at(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """Where the one that was named does not answer, the reason tells of the user's own socket."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with scripted_engine(IMAGE, tmp_path / "docker.sock") as (_, host):
        assert why().endswith(f"name it with DOCKER_HOST, such as DOCKER_HOST={host}")


def test_an_engine_at_a_socket_of_the_users_is_used_when_it_is_named(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """That of a rootless engine is a socket like any other."""
    with scripted_engine("another:1", tmp_path / "docker.sock") as (_, host):
        monkeypatch.setenv("DOCKER_HOST", host)

        assert why().startswith(f"no image {IMAGE} (no such host): load it")


def test_the_engine_of_the_current_context_is_used(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """`docker context use`, as the installer of a rootless engine calls it, is enough."""
    if packaging.version.Version(importlib.metadata.version("docker")) < DOCKER_WITH_CONTEXTS:
        pytest.skip(f"docker before {DOCKER_WITH_CONTEXTS} does not look at contexts")
    with scripted_engine("another:1", tmp_path / "docker.sock") as (_, host):
        context = tmp_path / ".docker/contexts/meta" / hashlib.sha256(b"rootless").hexdigest()
        context.mkdir(parents=True)
        endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
        meta = {"Name": "rootless", "Metadata": {}, "Endpoints": endpoints}
        (context / "meta.json").write_text(json.dumps(meta))
        (tmp_path / ".docker/config.json").write_text('{"currentContext": "rootless"}')

        assert why().startswith(f"no image {IMAGE} (no such host): load it")


def test_an_image_that_cannot_be_pulled_is_named(engine: ScriptedEngine, why: Why) -> None:
    """So is what the engine said, and the variable that names another one."""
    assert why("registry/other:2") == (
        "no image registry/other:2 (no such host): load it into the engine, or name another with "
        "YR_CONFORMANCE_ETCD_IMAGE"
    )


def test_a_pull_that_fails_on_the_way_says_why(engine: ScriptedEngine, why: Why) -> None:
    """The engine reports it in the stream of a pull that began well."""
    progress = [{"status": "Pulling"}, {"error": "toomanyrequests"}]
    engine.answers["POST /images/create"] = lambda: (200, progress)

    assert why("registry/other:2").startswith("no image registry/other:2 (toomanyrequests): ")


def test_a_pull_that_never_ends_is_given_up(engine: ScriptedEngine, why: Why) -> None:
    """The library would wait for ever."""
    engine.answers["POST /images/create"] = hangs

    reason = why("registry/other:2", Limits(pull_s=1))

    assert reason.startswith("no image registry/other:2 (no answer within 1 s): ")


def test_a_full_engine_says_so_in_its_own_words(engine: ScriptedEngine, why: Why) -> None:
    """An error of the engine is given as it is."""
    engine.answers["POST /containers/create"] = lambda: (
        500,
        {"message": "mkdir /var/lib/docker/overlay2/1: no space left on device"},
    )

    assert why() == (
        f"the engine cannot start {IMAGE} (mkdir /var/lib/docker/overlay2/1: no space left on "
        "device): give the engine what it lacks, or name another engine with DOCKER_HOST"
    )


@pytest.mark.parametrize("request_", ["POST /containers/create", "POST /containers/([^/]+)/start"])
def test_an_engine_that_hangs_later_is_given_up(
    request_: str, engine: ScriptedEngine, why: Why
) -> None:
    """A container that it had created already is removed."""
    engine.answers[request_] = hangs

    assert why(limits=IMPATIENT).startswith(
        f"the engine cannot start {IMAGE} (TimeoutError: timed out): "
    )
    assert engine.containers == {}


def test_a_reaper_without_image_can_be_done_without(
    engine: ScriptedEngine, reaper_at: object, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """The reason names its image and the variables."""
    monkeypatch.setenv("RYUK_CONTAINER_IMAGE", "testcontainers/ryuk:9")

    assert why() == (
        "no image testcontainers/ryuk:9 of testcontainers' reaper (no such host): load it into the "
        "engine, name another with RYUK_CONTAINER_IMAGE, or do without with "
        "TESTCONTAINERS_RYUK_DISABLED=true"
    )


def test_a_reaper_that_ends_at_once_is_a_reason(
    engine: ScriptedEngine, reaper_at: object, why: Why
) -> None:
    """The container does not stay."""
    engine.status = "exited"

    reason = why()

    assert reason.startswith(f"the reaper container, of {IMAGE}, does not work (")
    assert "TESTCONTAINERS_RYUK_DISABLED=true" in reason
    assert engine.containers == {}


def test_a_reaper_that_cannot_be_reached_is_given_up(
    engine: ScriptedEngine, reaper_at: Callable[[int], dict[str, object]], why: Why
) -> None:
    """The library tries for longer; its container is removed by somebody else."""
    engine.ports = reaper_at(closed_port())

    reason = why(limits=Limits(reaper_s=1))

    assert reason.startswith(
        f"the reaper container, of {IMAGE}, does not work (no answer within 1 s"
    )
    assert engine.containers == {}


def test_without_its_port_the_reaper_is_a_reason(
    engine: ScriptedEngine, reaper_at: object, why: Why
) -> None:
    """An engine that publishes no port makes the library fail in its own way."""
    assert why().startswith(f"the reaper container, of {IMAGE}, does not work (")
    assert engine.containers == {}


def test_an_answer_that_the_library_does_not_understand_is_a_reason(
    engine: ScriptedEngine, reaper_at: object, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """It is an error of any type then, of which only the name tells something."""
    usual = engine.answers["GET /containers/json"]

    def strange() -> Answer:
        engine.answers["GET /containers/json"] = usual
        return 200, {"message": "no list"}

    engine.answers["GET /containers/json"] = strange
    engine.answers["GET /containers/([^/]+)/logs"] = lambda _: (200, "the reaper has Started!")
    monkeypatch.setenv("TESTCONTAINERS_CONNECTION_MODE", "bridge_ip")

    assert why().startswith(f"the reaper container, of {IMAGE}, does not work (KeyError: 0): ")
    assert engine.containers == {}


def test_an_etcd_that_ends_leaves_its_last_words(engine: ScriptedEngine, why: Why) -> None:
    """They are in the line, and the container is removed."""
    engine.status = "exited"

    assert "ended while it started; it wrote: its words in lines): the engine has to" in why()
    assert engine.containers == {}


def test_an_etcd_that_runs_elsewhere_is_given_up(engine: ScriptedEngine, why: Why) -> None:
    """So it is where the engine's ports are on another machine."""
    reason = why(limits=Limits(health_s=1))

    assert reason.startswith(f"the etcd in the container of {IMAGE} at tcp://127.0.0.1:")
    assert "publish ports on this machine's loopback" in reason
    assert engine.containers == {}


def test_a_setting_that_testcontainers_refuses_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """It refuses while it is imported."""
    monkeypatch.setenv("TC_MAX_TRIES", "many")

    reason = why()

    assert reason.startswith("testcontainers cannot be used (ValueError: ")
    assert "'many'" in reason


def test_without_testcontainers_it_is_said_how_to_install_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """That is the package's extra."""
    (tmp_path / "testcontainers.py").write_text("raise ImportError('no such module')")
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{before}")

    assert "(ImportError: no such module): pip install 'yr-conformance[etcd]'" in why()


def test_a_keeper_that_dies_is_a_reason(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, why: Why
) -> None:
    """Whatever a library does to its process, this one goes on."""
    (tmp_path / "testcontainers.py").write_text("import os; os._exit(9)")
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{before}")

    assert why().startswith("testcontainers cannot be used (ended without an answer): ")


def test_all_providers_and_their_reasons_are_listed(
    engine: ScriptedEngine, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a container that cannot be started the program is tried; none is tried twice."""
    engine.answers["POST /containers/create"] = lambda: (500, {"message": "no space left"})
    (tmp_path / "etcd").write_text("#!/bin/sh\necho out of order; exit 1\n")
    (tmp_path / "etcd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    provision = Provision(Wishes(image=IMAGE), str(tmp_path))
    texts = []

    for _ in range(2):
        with pytest.raises(UnavailableError) as raised:
            provision.start()
        texts.append(str(raised.value))
        engine.answers["GET /version"] = hangs

    assert texts[0] == texts[1]
    parts = [part.partition(":")[0] for part in texts[0].split("; ")]
    assert parts == ["address", "container", "binary"]
    assert "no space left" in texts[0]
    assert "it wrote: out of order" in texts[0]
