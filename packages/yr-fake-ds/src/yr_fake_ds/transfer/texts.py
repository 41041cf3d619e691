"""What the transfer engine answers: codes, texts, and the places in the sources that it prints.

Codes are those of the SDK's `ErrorCode`. All rows were measured on openyuanrong-datasystem 0.8.1,
on emulated NPUs and by a peer that speaks its protocol, except where a row says so; the place is
empty where the real one prints none, and where it is not known.
"""

from typing import Final, NamedTuple

OK, INVALID, NOT_FOUND, RUNTIME_ERROR, NOT_READY, NOT_AUTHORIZED, NOT_SUPPORTED = (
    0,
    2,
    3,
    5,
    8,
    9,
    36,
)

SOURCES: Final = (
    "/home/jenkins/agent/workspace/openyuanrong/single_datasystem_compile_cmake/"
    "yuanrong-datasystem/transfer_engine/src/"
)
_ENGINE: Final = "transfer_engine.cpp"
_SOCKET: Final = "internal/control_plane/socket_rpc_transport.cpp"
_BACKEND: Final = "internal/backend/ascend/p2p_transfer_backend.cpp"


class EngineText(NamedTuple):
    """A row of the table: a code, a template, and where the real one says it."""

    code: int
    template: str
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """What follows the message, empty if no place is printed."""
        return f", file={SOURCES}{self.file}, line={self.line}" if self.file else ""


class EngineError(Exception):
    """A call of the engine failed; leaves the SDK as a `Result`, never as an exception."""

    def __init__(self, code: int, message: str, place: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.place = place


def refusal(text: EngineText, **values: object) -> EngineError:
    """Make the error of a row."""
    return EngineError(text.code, text.template.format(**values), text.place)


def answered(code: int, message: str) -> EngineError:
    """Make the error of a refusal that a peer has answered."""
    row = ANSWERED if code in _KNOWN else ANSWERED_OTHERWISE
    return EngineError(code if code in _KNOWN else row.code, message, row.place)


_KNOWN: Final = frozenset(
    {INVALID, NOT_FOUND, RUNTIME_ERROR, NOT_READY, NOT_AUTHORIZED, NOT_SUPPORTED}
)
ANSWERED: Final = EngineText(RUNTIME_ERROR, "", _ENGINE, 44)
ANSWERED_OTHERWISE: Final = EngineText(RUNTIME_ERROR, "", _ENGINE, 46)

# Endpoints and devices.
ENDPOINT_EMPTY: Final = EngineText(INVALID, "targetHostname is empty", _ENGINE, 54)
ENDPOINT_INVALID: Final = EngineText(INVALID, "invalid targetHostname", _ENGINE, 61)
ENDPOINT_WITHOUT_PORT: Final = EngineText(INVALID, "targetHostname missing port", _ENGINE, 62)
ENDPOINT_WITHOUT_COLON: Final = EngineText(INVALID, "targetHostname missing host:port", _ENGINE, 68)
HOST_EMPTY: Final = EngineText(INVALID, "targetHostname host is empty", _ENGINE, 73)
PORT_EMPTY: Final = EngineText(INVALID, "targetHostname port is empty", _ENGINE, 74)
PORT_NO_NUMBER: Final = EngineText(INVALID, "targetHostname port is invalid", _ENGINE, 77)
PORT_TOO_LARGE: Final = EngineText(INVALID, "targetHostname port is invalid", _ENGINE, 79)
PORT_ZERO: Final = EngineText(INVALID, "targetHostname port should be positive", _ENGINE, 81)
DEVICE_INVALID: Final = EngineText(INVALID, "device_name is invalid", _ENGINE, 93)
DEVICE_PREFIX: Final = EngineText(
    INVALID, "device_name should match npu:${{device_id}}", _ENGINE, 94
)
DEVICE_NO_NUMBER: Final = EngineText(
    INVALID, "device_name should match npu:${{device_id}}", _ENGINE, 100
)
DEVICE_TOO_LARGE: Final = EngineText(INVALID, "device_id is out of range", _ENGINE, 103)

# Life.
ALREADY_INITIALIZED: Final = EngineText(
    INVALID, "transfer engine already initialized", _ENGINE, 154
)
NOT_INITIALIZED_REGISTER: Final = EngineText(
    NOT_READY, "transfer engine not initialized", _ENGINE, 203
)
NOT_INITIALIZED_UNREGISTER: Final = EngineText(
    NOT_READY, "transfer engine not initialized", _ENGINE, 234
)
NOT_INITIALIZED_READ: Final = EngineText(NOT_READY, "transfer engine not initialized", _ENGINE, 275)
# Read in the sources, not measured.
FINALIZING: Final = EngineText(NOT_READY, "transfer engine is finalizing", _ENGINE, 276)
HOST_NO_IPV4: Final = EngineText(INVALID, "host should be a valid IPv4 address", _SOCKET, 83)
BIND_FAILED: Final = EngineText(RUNTIME_ERROR, "bind failed", _SOCKET, 182)
FORKED: Final = (
    "This transfer engine was created in process {owner} and inherited by the forked process "
    "{current}, which has none of its threads; create and initialize() a new one in the child"
)

# Registered memory.
ADDRESSES_EMPTY: Final = EngineText(INVALID, "bufferAddrs is empty", _ENGINE, 199)
LENGTHS_DIFFER: Final = EngineText(INVALID, "bufferAddrs/lengths size mismatch", _ENGINE, 200)
ADDRESS_ZERO: Final = EngineText(INVALID, "bufferAddr should be positive", _ENGINE, 209)
LENGTH_ZERO: Final = EngineText(INVALID, "length should be positive", _ENGINE, 210)
NOT_ADDED: Final = EngineText(INVALID, "failed to add registered region")
UNREGISTER_EMPTY: Final = EngineText(INVALID, "bufferAddrs is empty", _ENGINE, 235)
UNREGISTER_ZERO: Final = EngineText(INVALID, "bufferAddr should be positive", _ENGINE, 237)
UNREGISTER_UNKNOWN: Final = EngineText(NOT_FOUND, "region is not registered", _ENGINE, 238)

# Reading, said by the requester.
BUFFERS_EMPTY: Final = EngineText(INVALID, "buffers is empty", _ENGINE, 256)
READ_LISTS_DIFFER: Final = EngineText(
    INVALID, "buffers/peerBufferAddresses/lengths size mismatch", _ENGINE, 257
)
BUFFER_ZERO: Final = EngineText(INVALID, "buffer should be positive", _ENGINE, 264)
PEER_ADDRESS_ZERO: Final = EngineText(INVALID, "peerBufferAddress should be positive", _ENGINE, 265)
READ_LENGTH_ZERO: Final = EngineText(INVALID, "length should be positive", _ENGINE, 266)
WITHOUT_CANN: Final = EngineText(
    NOT_READY,
    "p2p_transfer library not loaded: [libp2p_transfer.so] libascendcl.so: cannot open shared "
    "object file: No such file or directory; ",
    _BACKEND,
    358,
)
UNKNOWN_HOST: Final = EngineText(RUNTIME_ERROR, "getaddrinfo failed: {reason}", _SOCKET, 139)
CONNECT_FAILED: Final = EngineText(RUNTIME_ERROR, "connect failed", _SOCKET, 158)
NO_ANSWER: Final = EngineText(RUNTIME_ERROR, "read frame header failed", _SOCKET, 226)
OTHER_PROTOCOL: Final = EngineText(RUNTIME_ERROR, "invalid frame magic", _SOCKET, 230)
OTHER_ANSWER: Final = EngineText(RUNTIME_ERROR, "rpc method mismatch", _SOCKET, 256)
NO_CONTEXT: Final = EngineText(
    RUNTIME_ERROR,
    "aclrtGetCurrentContext failed, acl rc={code}, hint: please call aclInit(nullptr) and "
    "aclrtSetDevice(device_id) before using transfer_engine.",
    _BACKEND,
    502,
)
# The next two with a stand-in for the released libp2p_transfer.so that sends by HCCL.
NO_DEVICE: Final = EngineText(
    RUNTIME_ERROR, "aclrtSetDevice(recv) failed, acl rc={code}", _BACKEND, 100
)
NOTHING_ARRIVED: Final = EngineText(
    RUNTIME_ERROR, "aclrtSynchronizeEventWithTimeout failed, acl rc={code}", _BACKEND, 100
)

# Reading, said by the owner; the requester prints the place of `ANSWERED`.
REMOTE_ADDRESS_ZERO: Final = EngineText(INVALID, "remote_addr should be positive")
REMOTE_LENGTH_ZERO: Final = EngineText(INVALID, "length should be positive")
NOT_REGISTERED: Final = EngineText(NOT_AUTHORIZED, "remote range is not registered")
OTHER_NPU: Final = EngineText(
    NOT_SUPPORTED, "registered npu_id does not match owner initialized device_id"
)
OWNER_NOT_READY: Final = EngineText(RUNTIME_ERROR, "P2PCommInitRootInfo(RECV) failed, hccl rc=4")
STRANGER: Final = EngineText(
    NOT_AUTHORIZED,
    "yr-fake-ds serves only the machine that it runs on, since it checks no identity, and {peer} "
    "is not an address of it; start the process of this engine with {variable}=1 to serve every "
    "machine",
)
