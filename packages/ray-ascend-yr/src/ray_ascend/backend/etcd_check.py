"""Whether a backend's workers could use their etcd, asked before one is started.

A worker whose user or password etcd refuses tries for as long as it may start, and says nothing,
not even in its log; one that cannot agree on TLS says that etcd failed, but not why (measured on
openyuanrong-datasystem 0.8.1).
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import logging
import socket
import ssl
from dataclasses import dataclass

from ray_ascend.backend import etcd_access
from ray_ascend.backend.config import (
    CERTIFICATES,
    CLUSTER_NAME,
    ENABLE_TLS,
    ETCD_ADDRESS,
    PASSWORD,
    SERVER_NAME,
    USER,
    WORKER_ARGS,
    BackendConfig,
)
from ray_ascend.backend.etcd_access import EtcdAccess
from ray_ascend.errors import BackendStartError

logger = logging.getLogger(__name__)

_ADDRESS = ETCD_ADDRESS
_FLAGS = ", ".join(f"--{name}" for name in CERTIFICATES)
_TLS = f"{_FLAGS} and --{SERVER_NAME} in {WORKER_ARGS}"
_USE_TLS = f"--{ENABLE_TLS} with {_FLAGS} in {WORKER_ARGS}"
_LOGIN = f"--{USER} and --{PASSWORD} in {WORKER_ARGS}"


@dataclass(frozen=True)
class EtcdProblem:
    """Why a member cannot be used, what to look at, and whether all members would say the same."""

    text: str
    remedy: str
    of_all: bool = False


def check_etcd(config: BackendConfig, cluster: str) -> None:
    """Refuse an etcd that the workers of that cluster cannot use; BackendStartError says why.

    It names the members, and the variable or the flags; never a password.
    """
    if config.mode != "etcd":
        return
    try:
        access = EtcdAccess.of(config)
    except OSError as error:
        raise BackendStartError(
            f"what etcd needs for TLS cannot be read on this node ({error}); check {_TLS}",
            str(error),
        ) from error
    found: dict[str, EtcdProblem] = {}
    for member in config.etcd_address.split(","):
        problem = problem_of(member, access, dict(config.worker_args).get(CLUSTER_NAME, cluster))
        if problem is None:
            return
        found[member] = problem
        if problem.of_all:
            break
    raise _refusal(found)


def problem_of(member: str, access: EtcdAccess, cluster: str) -> EtcdProblem | None:
    """Say why workers of that cluster could not use this member, None if nothing speaks against.

    Changes nothing in etcd.
    """
    try:
        with contextlib.closing(access.connect(member)) as connection:
            return _problem_behind(connection, member, access, cluster)
    except ssl.SSLCertVerificationError as error:
        return EtcdProblem(f"its certificate is not accepted: {error.verify_message}", _TLS)
    except ssl.SSLError as error:
        return EtcdProblem(f"TLS fails: {getattr(error, 'reason', None) or error}", _TLS)
    except TimeoutError:
        return EtcdProblem("no answer", _ADDRESS)
    except OSError as error:
        return EtcdProblem(str(error), _ADDRESS)


def _problem_behind(
    connection: http.client.HTTPConnection, member: str, access: EtcdAccess, cluster: str
) -> EtcdProblem | None:
    """Ask for the version, which an etcd knows by itself, and then for what needs the others."""
    try:
        connection.request("GET", "/version")
        connection.getresponse().read()
    except ConnectionError:
        return _hangs_up(member, access)
    except http.client.HTTPException:
        # It is alive, and whatever it is, its workers will say.
        return None
    return _refused(member, access, cluster)


def _hangs_up(member: str, access: EtcdAccess) -> EtcdProblem | None:
    if access.context is not None:
        return EtcdProblem("it does not accept the client's certificate", _TLS)
    if _talks_tls(member):
        return EtcdProblem("it talks TLS only", _USE_TLS)
    return None


def _refused(member: str, access: EtcdAccess, cluster: str) -> EtcdProblem | None:
    """Ask for a write that never happens: etcd first looks who may write there."""
    place = f"/{cluster}/datasystem/" if cluster else "/datasystem/"
    key = base64.b64encode(place.encode()).decode()
    never = {"key": key, "target": "VERSION", "result": "LESS", "version": "0"}
    write = {"compare": [never], "success": [{"request_put": {"key": key, "value": ""}}]}
    try:
        answer = access.post(member, "kv/txn", write)
    except (OSError, http.client.HTTPException) as error:
        answer = etcd_access.EtcdAnswer(0, problem=repr(error))
    if answer.is_refusal:
        return EtcdProblem(f"{answer.problem}, for keys below {place}", _LOGIN, of_all=True)
    if answer.problem and access.user:
        logger.warning(
            "etcd %s does not say whether it takes the user of --%s (%s); if it does not, the "
            "worker will not become ready",
            member,
            USER,
            answer.problem,
        )
    return None


def _talks_tls(member: str) -> bool:
    """Try a handshake, with whatever certificate."""
    host, _, port = member.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError), _plain(host.strip("[]"), port) as plain:
        context.wrap_socket(plain).close()
        return True
    return False


def _plain(host: str, port: str) -> socket.socket:
    return socket.create_connection((host, int(port)), etcd_access.PATIENCE_S)


def _refusal(found: dict[str, EtcdProblem]) -> BackendStartError:
    problems = "; ".join(f"{member}: {problem.text}" for member, problem in found.items())
    remedies = [*dict.fromkeys(problem.remedy for problem in found.values())]
    done = "reached" if remedies == [_ADDRESS] else "used"
    return BackendStartError(
        f"etcd cannot be {done} from this node ({problems}); check {' or '.join(remedies)}",
        problems,
    )
