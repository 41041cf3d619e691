"""Puts the emulated CANN under a process and everything it starts.

    LD_LIBRARY_PATH = <libraries>:...   libascendcl.so, libhccl.so ..., as CANN's set_env.sh does
    LD_PRELOAD      = <probe>:...       answers the datasystem's look for /dev/davinci*
    TRANSFER_ENGINE_P2P_SO_PATH         what the datasystem's transfer engine connects NPUs with
    PYTHONPATH      = <shim root>:...   module `acl`, and the start-up hook (sitecustomize)
    YR_FAKE_CANN=1, YR_FAKE_CANN_*      what the machine looks like
    YR_FAKE_CANN_SHIM = <shim root>     by which the others are put back where somebody replaced
                                        them (yr_fake_cann_startup)

The dynamic loader reads LD_LIBRARY_PATH when a process starts, so a running process is activated by
loading the libraries by hand, under the names that torch_npu will ask for.
"""

import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final

from yr_fake_cann import calibration
from yr_fake_cann.errors import ActivationError

PACKAGE_ROOT: Final = os.path.dirname(os.path.abspath(__file__))
SHIM_ROOT: Final = os.path.join(PACKAGE_ROOT, "shim")
SWITCH: Final = "YR_FAKE_CANN"
SHIM_VARIABLE: Final = "YR_FAKE_CANN_SHIM"
LOADER_VARIABLES: Final = ("LD_LIBRARY_PATH", "LD_PRELOAD")
AUTOLOAD: Final = "TORCH_DEVICE_BACKEND_AUTOLOAD"
_WITHOUT_CANN: Final = "YR_FAKE_DS_WITHOUT_CANN"
"""Set by yr-fake-ds where it has set the former to 0, since there was no CANN."""
_RESTARTED: Final = "YR_FAKE_CANN_RESTARTED"
LIBRARIES_VARIABLE: Final = "YR_FAKE_CANN_LIBRARIES"
PROBE: Final = "libyr_fake_cann_probe.so"
MAIN_LIBRARY: Final = "libascendcl.so"
P2P_VARIABLE: Final = "TRANSFER_ENGINE_P2P_SO_PATH"
P2P_LIBRARY: Final = "libyr_fake_cann_p2p.so"
# Set by CANN's own set_env.sh; with it torch_npu looks for files that only a real CANN has.
REAL_CANN_VARIABLES: Final = ("ASCEND_HOME_PATH", "ASCEND_OPP_PATH", "ASCEND_TOOLKIT_HOME")


@dataclass(frozen=True)
class Machine:
    """What the emulated machine has; ``None`` leaves the library's own default."""

    npus: int | None = None
    memory_mb: int | None = None
    soc: str | None = None
    strict: bool | None = None
    streams: str | None = None
    control: str | None = None
    calibration: str | None = None

    def variables(self) -> dict[str, str]:
        """Return the environment variables that the native libraries read at first use."""
        values = {
            "YR_FAKE_CANN_DEVICES": self.npus,
            "YR_FAKE_CANN_MEMORY_MB": self.memory_mb,
            "YR_FAKE_CANN_SOC": self.soc,
            "YR_FAKE_CANN_STRICT": None if self.strict is None else int(self.strict),
            "YR_FAKE_CANN_STREAMS": self.streams,
            "YR_FAKE_CANN_CONTROL": self.control,
            calibration.VARIABLE: self.calibration,
        }
        return {name: str(value) for name, value in values.items() if value is not None}


def library_directory(environ: Mapping[str, str] = os.environ) -> str:
    """Return the directory of the sonames: ``YR_FAKE_CANN_LIBRARIES``, or the one of this package.

    Raises ActivationError when the libraries are not there.
    """
    directory = environ.get(LIBRARIES_VARIABLE) or os.path.join(PACKAGE_ROOT, "lib")
    if not os.path.exists(os.path.join(directory, MAIN_LIBRARY)):
        raise ActivationError(
            f"no {MAIN_LIBRARY} in {directory}: install the wheel of yr-fake-cann, build it (pip "
            f"install), or name another directory of its libraries in {LIBRARIES_VARIABLE}"
        )
    return directory


def variables(environ: Mapping[str, str], machine: Machine) -> dict[str, str]:
    """Return the variables that activate the emulator, given the environment they will change.

    Called by ``yr-fake-cann run`` and ``env`` and by the pytest plugin; idempotent.
    """
    refuse_real_cann(environ)
    libraries = library_directory(environ)
    probe = os.path.join(libraries, PROBE)
    changed = {
        SWITCH: "1",
        SHIM_VARIABLE: SHIM_ROOT,
        "LD_LIBRARY_PATH": put_first(libraries, environ.get("LD_LIBRARY_PATH", "")),
        "PYTHONPATH": put_first(SHIM_ROOT, environ.get("PYTHONPATH", "")),
        P2P_VARIABLE: os.path.join(libraries, P2P_LIBRARY),
        # Queued operators would run after the kernels that read their results.
        "TASK_QUEUE_ENABLE": "0",
        **machine.variables(),
    }
    if environ.get(_WITHOUT_CANN) == "1":
        changed[AUTOLOAD] = "1"
    if os.path.exists(probe):
        changed["LD_PRELOAD"] = put_first(probe, environ.get("LD_PRELOAD", ""))
    return changed


def activate(machine: Machine, environ: MutableMapping[str, str] = os.environ) -> None:
    """Activate the emulator in this process and in what it starts from now on.

    Raises ActivationError when torch_npu is already imported or a real CANN is in the way. Called
    by the pytest plugin before anything imports torch. The probe cannot be preloaded into a
    running process, so the datasystem's device calls work in its children only.
    """
    if "torch_npu" in sys.modules and environ.get(SWITCH) != "1":
        raise ActivationError(
            "torch_npu is already imported in this process: activate earlier (yr-fake-cann run -- "
            "COMMAND, or -p yr_fake_cann.pytest --yr-fake-cann)"
        )
    environ.update(variables(environ, machine))
    _load_libraries(library_directory(environ))
    if SHIM_ROOT not in sys.path:
        sys.path.insert(0, SHIM_ROOT)
    from yr_fake_cann import importhook

    importhook.install()


def restore() -> None:
    """Put back what was replaced since the activation; called at the start of each Python.

    What the dynamic loader reads takes effect at the start of a process only, so this Python, which
    has not run anything yet, becomes a new one if that was replaced: once, since something may
    replace it again on the way. Who removes a variable of the loader wants that.
    """
    from yr_fake_cann import importhook

    importhook.install()
    if SHIM_ROOT not in sys.path:
        sys.path.insert(0, SHIM_ROOT)
    wanted = variables(os.environ, Machine())
    if _is_lost("PYTHONPATH", wanted):
        os.environ["PYTHONPATH"] = wanted["PYTHONPATH"]
    lost = [name for name in LOADER_VARIABLES if name in os.environ and _is_lost(name, wanted)]
    restarted = str(os.getpid())
    if lost and sys.executable and sys.orig_argv and os.environ.get(_RESTARTED) != restarted:
        os.environ.update({_RESTARTED: restarted}, **_behind(lost, wanted))
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself


def _behind(names: list[str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Add our entry to such variables, behind what somebody has put there since."""
    entries = {name: wanted[name].split(os.pathsep)[0] for name in names}
    return {name: os.environ[name] + os.pathsep + entry for name, entry in entries.items()}


def refuse_real_cann(environ: Mapping[str, str]) -> None:
    """Raise ActivationError when the environment is set up for a real CANN."""
    present = [name for name in REAL_CANN_VARIABLES if environ.get(name)]
    if present:
        raise ActivationError(
            f"{present[0]}={environ[present[0]]} is set, so this shell is prepared for a real "
            "CANN: use a shell in which its set_env.sh was not sourced"
        )


def describe(environ: Mapping[str, str] = os.environ) -> str:
    """Return the one line that `yr-fake-cann which` and pytest's header show."""
    from yr_fake_cann._version import __version__

    if environ.get(SWITCH) != "1":
        return "CANN: yr-fake-cann is not active"
    count = environ.get("YR_FAKE_CANN_DEVICES", "the default number of")
    visible = environ.get("ASCEND_RT_VISIBLE_DEVICES")
    shown = "" if visible is None else f", visible: {visible or 'none'}"
    variable = environ.get(calibration.VARIABLE)
    calibrated = f", {calibration.described(variable)}" if variable else ""
    return f"CANN: yr-fake-cann {__version__}, {count} NPUs on host memory{shown}{calibrated}"


def put_first(directory: str, path: str) -> str:
    """Return a path list that begins with `directory` and holds it once."""
    others = [part for part in path.split(os.pathsep) if part and part != directory]
    return os.pathsep.join([directory, *others])


def _is_lost(name: str, wanted: Mapping[str, str]) -> bool:
    entry = wanted.get(name, "").split(os.pathsep)[0]
    return entry not in ["", *os.environ.get(name, "").split(os.pathsep)]


def _load_libraries(directory: str) -> None:
    import ctypes
    import glob

    names = sorted(glob.glob(os.path.join(directory, "*.so")))
    main = os.path.join(directory, MAIN_LIBRARY)
    for name in [main, *names]:
        if os.path.basename(name) != PROBE:
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
