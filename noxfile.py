"""The driver: `nox -l` is the table of contents, `nox` alone is for before a push.

`conformance` takes `--target NAME`, `--ray VERSION` and `--mode NAME`, and hands everything else to
pytest. Every target and Ray version has an environment of its own (the `on-...` sessions), so that
the fake is always tested where the real datasystem is not installed.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys

import nox

sys.path.insert(0, str(pathlib.Path(__file__).parent / "ci"))
from bench_sessions import bench, bench_fake, bench_published, bench_released
from contents import (
    CANN,
    CONTENTS,
    COSMIC_RAY,
    DATASYSTEM,
    DOWNSTREAM,
    EMULATING,
    FAKE,
    IMPORT_NAMES,
    MAPPING,
    MATRIX_TOOLS,
    MYPY,
    NUMPY,
    PROCESSES,
    PYELFTOOLS,
    RAY_ENV,
    RAYS,
    STRICT_NPUS,
    SUITE,
    TEST_TOOLS,
    TORCH,
    TORCH_NPU,
    TRANSFER_QUEUE,
    TRANSPORT,
)
from environments import PACKAGES, ROOT, install, install_local
from image_sessions import image
from minimums_sessions import minimums, minimums_build
from mutation_sessions import mutation
from native_sessions import aarch64, sanitizers
from pages_sessions import docs, docs_blocks
from release_sessions import build, inventory
from report_sessions import report_pages
from transport_sessions import own_transport, published
from typed import source_path, test_directories

__all__ = [
    "aarch64",
    "bench",
    "bench_fake",
    "bench_published",
    "bench_released",
    "build",
    "docs",
    "docs_blocks",
    "image",
    "inventory",
    "minimums",
    "minimums_build",
    "mutation",
    "own_transport",
    "published",
    "report_pages",
    "sanitizers",
]
"""Sessions that are declared elsewhere."""

STEPS = str(ROOT / "ci" / "steps" / "command_line.py")
CANN_TESTS = ("native", "device", "activation", "distributed", "datasystem")
# What a night of the differential repeats from many seeds, resumably.
DIFFERENTIAL_NIGHT = ("test_walks.py", "test_histories.py", "test_known_differences.py")
# The files of these start servers, which their tests share.
SERVED = ("distributed", "datasystem")

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests", "conformance"]


@nox.session
def lint(session: nox.Session) -> None:
    """Format, lint, house rules (file sizes, names, no mocks of the SDK or of Ray) and cppcheck."""
    session.install("ruff==0.17.6")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("python", "ci/house_rules.py")
    if shutil.which("cppcheck") is None:
        session.warn("cppcheck is not installed (Debian: apt-get install cppcheck): C++ unchecked")
    else:
        checks = ("--enable=warning,performance,portability", "--std=c++17", "--language=c++")
        native = f"packages/{CANN}/native"
        session.run("cppcheck", *checks, "--quiet", "--error-exitcode=1", native, external=True)


@nox.session(default=False)
def matrix(session: nox.Session) -> None:
    """List and check CI jobs and their rendered files: -- [--write] [--dry-run --job NAME]."""
    install(session, MATRIX_TOOLS, are_imported=False)
    rehearsing = "--dry-run" in session.posargs
    if rehearsing:
        install_local(session, CANN)
    scripts = ("ci", "ci/hardware", "ci/mutation", "benchmarks")
    env = {"PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in scripts)}
    session.run("python", "-m", "matrix", *session.posargs, env=env)
    if not rehearsing:
        session.run("pytest", "-q", "ci/tests", env=env)


@nox.session
def types(session: nox.Session) -> None:
    """Check every package, its tests, the driver and the scripts with mypy --strict."""
    stubs = ("types-psutil", "types-PyYAML", "types-docker")
    typed = (TORCH, NUMPY, "msgspec", "jinja2", "nox", COSMIC_RAY, PYELFTOOLS, *TEST_TOOLS, *stubs)
    install(session, (MYPY, *typed), are_imported=False)
    measuring = source_path(ROOT / "benchmarks")
    session.run("mypy", "noxfile.py", "ci", "benchmarks/bench", env=measuring)
    # Ray adds .remote to the classes that it decorates.
    session.run("mypy", "--disable-error-code=attr-defined", "examples", env=source_path())
    for package, import_name in IMPORT_NAMES.items():
        session.run("mypy", f"packages/{package}/src/{import_name}", env=source_path())
        for directory in test_directories(package):
            # Those below may use what the package's tests share.
            session.run("mypy", str(directory), env=source_path(directory.parent))


@nox.session
def tests(session: nox.Session) -> None:
    """Run each package's own tests; the transport's run on the fake datasystem."""
    _install_transport_stack(session, RAYS["newest"], MYPY)
    install_local(session, FAKE, SUITE, TRANSPORT, CANN)
    for package in (FAKE, SUITE):
        session.run("pytest", "-n", "2", f"packages/{package}/tests", *session.posargs, env=RAY_ENV)
    # The tests of a file share a Ray cluster.
    transport = ("pytest", "-n", "2", "--dist", "loadfile", f"packages/{TRANSPORT}/tests")
    session.run("yr-fake-ds", "run", "--", *transport, *session.posargs, env=RAY_ENV)
    session.notify("tests-npu", ["-m", "not long", *session.posargs])


@nox.session(name="tests-agent", default=False)
def tests_agent(session: nox.Session) -> None:
    """Read the transport's metrics from the page that Ray's agent serves, which Ray leaves out."""
    _install_transport_stack(session, RAYS["newest"], f"ray[default]=={RAYS['newest']}")
    install_local(session, FAKE, TRANSPORT)
    page = ("pytest", f"packages/{TRANSPORT}/tests/agent", *session.posargs)
    session.run("yr-fake-ds", "run", "--", *page, env=RAY_ENV)


@nox.session(name="tests-oldest-ray", default=False)
def tests_oldest_ray(session: nox.Session) -> None:
    """Check on the oldest Ray what the transport takes from Ray without a promise."""
    _install_transport_stack(session, RAYS["oldest"])
    install_local(session, TRANSPORT)
    test = f"packages/{TRANSPORT}/tests/test_ray_internals.py"
    session.run("pytest", test, *session.posargs, env=RAY_ENV)


@nox.session(default=False)
def operators(session: nox.Session) -> None:
    """Compare torch's operator database on the emulated NPU with the CPU: -- [NAME ...]."""
    _install_transport_stack(session, RAYS["newest"], TORCH_NPU, "expecttest", "scipy")
    install_local(session, CANN)
    program = ("python", "ci/operators/operator_database.py", *session.posargs)
    session.run("yr-fake-cann", "run", "--npus", "2", "--", *program)


@nox.session(name="tests-npu", default=False)
def tests_npu(session: nox.Session) -> None:
    """Run what needs NPUs: yr-fake-cann's tests, the transport's on the released datasystem."""
    _install_transport_stack(session, RAYS["newest"], TORCH_NPU, DATASYSTEM, PYELFTOOLS)
    install_local(session, CANN, TRANSPORT)
    for part in CANN_TESTS:
        tests_of = f"packages/{CANN}/tests/{part}"
        options = ("-n", "2", "--dist", "loadfile" if part in SERVED else "load")
        # Not every part has tests of a mark that is asked for.
        session.run(
            "pytest", *options, tests_of, *session.posargs, env=RAY_ENV, success_codes=[0, 5]
        )
    transport = ("pytest", f"packages/{TRANSPORT}/tests/npu", *session.posargs)
    npus = ("yr-fake-cann", "run", "--npus", "4", "--")
    session.run(*npus, *transport, env=RAY_ENV, success_codes=[0, 5])


@nox.session(default=False)
def differential(session: nox.Session) -> None:
    """Take random steps on the fake and on the released SDK, alike: -- [--nightly]."""
    tools = [tool for tool in TEST_TOOLS if not tool.startswith(("testcontainers", "pytest-xdist"))]
    install(session, (DATASYSTEM, "msgspec>=0.21", *tools))
    install_local(session, FAKE)
    where = f"packages/{FAKE}/tests/differential"
    if "--nightly" in session.posargs:
        record = ROOT / "reports" / "differential.json"
        record.parent.mkdir(exist_ok=True)
        rest = [option for option in session.posargs if option != "--nightly"]
        names = {"YR_FAKE_DS_DIFFERENTIAL_NIGHT": str(record)}
        session.run("pytest", *(f"{where}/{one}" for one in DIFFERENTIAL_NIGHT), *rest, env=names)
        return
    session.run("pytest", where, *(session.posargs or ("-m", "not long")))


@nox.session(venv_backend="none")
def conformance(session: nox.Session) -> None:
    """Run the clauses: -- [--target NAME] [--ray oldest] [--strict-npus] [--receive map] [...]."""
    options, _ = _conformance_options(session.posargs)
    if options.target not in CONTENTS:
        session.error(f"unknown target {options.target!r}: choose from {', '.join(CONTENTS)}")
    if options.strict_npus and options.target not in EMULATING:
        session.error(f"{options.target} emulates no NPUs that could be strict")
    session.notify(_environment_name(options.target, options.ray), session.posargs)


def _conformance_in_environment(session: nox.Session, target: str, ray: str) -> None:
    more, packages, activation = CONTENTS[target]
    _install_transport_stack(session, RAYS[ray], *more)
    install_local(session, SUITE, TRANSPORT, *packages)
    options, pytest_args = _conformance_options(session.posargs)
    strict = "-strict" if options.strict_npus else ""
    name = f"conformance-{target}-{options.mode}-ray-{RAYS[ray]}{strict}"
    session.run(
        *activation.split(),
        *("yr-conformance", "run", "--target", target, "-n", PROCESSES[target]),
        *(f"--report={ROOT / 'reports' / name}", "--mode", options.mode, *pytest_args),
        env={
            **RAY_ENV,
            **(STRICT_NPUS if options.strict_npus else {}),
            **(MAPPING if options.receive == "map" else {}),
        },
    )


def _environment_name(target: str, ray: str) -> str:
    return f"on-{target}-ray-{ray}"


def _declare_environment(target: str, ray: str) -> None:
    @nox.session(name=_environment_name(target, ray), default=False)
    def environment(session: nox.Session) -> None:
        _conformance_in_environment(session, target, ray)

    environment.__doc__ = f"Environment of `conformance -- --target {target} --ray {ray}`."


for _target in CONTENTS:
    for _ray in RAYS:
        _declare_environment(_target, _ray)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Break our packages in one way after the other; the clauses must notice every one.

    nox -s mutants -- [--package yr_fake_ds [--reasons]] [NAME ...]

    Names without a package are those of changed functions of the transport.
    """
    _install_transport_stack(session, RAYS["newest"], TORCH_NPU)
    session.install("cmake>=3.20")
    install_local(session, FAKE, SUITE, TRANSPORT, CANN)
    scripts = PACKAGES / SUITE / "tests" / "mutants"
    of_sources = ("python", str(scripts / "run_source_mutants.py"), "--control", "--jobs", "2")
    if "--package" in session.posargs:
        session.run("yr-fake-ds", "run", "--", *of_sources, *session.posargs, env=RAY_ENV)
        return
    for package in () if session.posargs else (FAKE, TRANSPORT, CANN):
        names = ("--package", IMPORT_NAMES[package])
        session.run("yr-fake-ds", "run", "--", *of_sources, *names, env=RAY_ENV)
    command = ("--", "python", str(scripts / "run_transport_mutants.py"), *session.posargs)
    if "--npu" not in session.posargs:
        session.run("yr-fake-ds", "run", *command, env=RAY_ENV)
    if not session.posargs or "--npu" in session.posargs:
        session.run("yr-fake-ds", "run", "--npus", "8", *command, "--npu", env=RAY_ENV)


@nox.session(venv_backend="none", default=False)
def nightly(session: nox.Session) -> None:
    """Run all that the gate leaves out, one step after the other: -- [--resume]."""
    session.run(sys.executable, STEPS, "nightly", *session.posargs, external=True)


@nox.session(venv_backend="none", default=False)
def steady(session: nox.Session) -> None:
    """Repeat the steps of the gate, and count which tests fail: -- [--times 5]."""
    session.run(sys.executable, STEPS, "steady", *session.posargs, external=True)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Transfer under random faults on the fake: -- [--minutes 20] [--seed N] [--fault NAME]."""
    _install_transport_stack(session, RAYS["newest"])
    install_local(session, FAKE, SUITE, TRANSPORT)
    session.run("yr-fake-ds", "run", "--", "python", "ci/soak", *session.posargs, env=RAY_ENV)


@nox.session(default=False)
def dashboard(session: nox.Session) -> None:
    """Feed a Prometheus by the soak and ask it what the Grafana dashboard asks: [--minutes 3]."""
    if shutil.which("prometheus") is None:
        session.error("prometheus is not installed (Debian: apt-get install prometheus)")
    served = f"ray[default]=={RAYS['newest']}"
    _install_transport_stack(session, RAYS["newest"], served, "matplotlib")
    install_local(session, FAKE, SUITE, TRANSPORT)
    proof = ("python", "ci/dashboard/dashboard_proof.py", *session.posargs)
    session.run("yr-fake-ds", "run", "--", *proof, env=RAY_ENV)


@nox.session(default=False)
def examples(session: nox.Session) -> None:
    """Run every example on the fake and on the real datasystem and compare the outputs."""
    more = (DATASYSTEM, TORCH_NPU, "matplotlib", "tqdm")
    _install_transport_stack(session, RAYS["newest"], *more)
    install_local(session, FAKE, TRANSPORT, CANN, SUITE)
    session.run("python", "ci/run_examples.py", *session.posargs, env=RAY_ENV)


@nox.session(venv_backend="none", default=False)
def downstream(session: nox.Session) -> None:
    """Run what others ship for yr.datasystem, on the fake and on the released one: -- [words]."""
    for datasystem in DOWNSTREAM:
        session.notify(f"downstream-on-{datasystem}", session.posargs)


@nox.session(name="downstream-on-fake", default=False)
def downstream_on_fake(session: nox.Session) -> None:
    """Environment of `downstream`, with the fake."""
    _serve_downstream(session, "fake")


@nox.session(name="downstream-on-released", default=False)
def downstream_on_released(session: nox.Session) -> None:
    """Environment of `downstream`, with the released datasystem."""
    _serve_downstream(session, "released")


def _serve_downstream(session: nox.Session, datasystem: str) -> None:
    more, packages, activation = DOWNSTREAM[datasystem]
    _install_transport_stack(session, RAYS["newest"], TRANSFER_QUEUE, "pytest-asyncio", *more)
    install_local(session, SUITE, *packages)
    command = ("python", "ci/downstream/customers.py", "--datasystem", datasystem)
    session.run(*activation.split(), *command, *session.posargs, env=RAY_ENV)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Measure branch coverage of every package, subprocesses and Ray workers included."""
    _install_transport_stack(session, RAYS["newest"], "coverage>=7.10")
    install_local(session, FAKE, SUITE, TRANSPORT, editable=True)
    env = {**RAY_ENV, "COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml")}
    session.run("coverage", "erase")
    for package in (FAKE, SUITE):
        session.run("coverage", "run", "-m", "pytest", "-q", f"packages/{package}/tests", env=env)
    run = ("yr-fake-ds", "run", "--", "coverage", "run", "-m", "pytest", "-q")
    session.run(*run, f"packages/{TRANSPORT}/tests", env=env)
    clauses = ("-p", "yr_conformance.plugin", "--pyargs", "yr_conformance.chapters")
    session.run(*run, *clauses, "--target", "fake", env=env)
    session.run("coverage", "combine")
    session.run("coverage", "report", *session.posargs)


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Measure ratios: transport to object store, fake to real worker, emulated NPU to CPU."""
    _install_transport_stack(session, RAYS["newest"], DATASYSTEM, TORCH_NPU)
    install_local(session, FAKE, TRANSPORT, CANN)
    # torch would load torch_npu by itself, which needs the emulated CANN.
    env = {**RAY_ENV, "TORCH_DEVICE_BACKEND_AUTOLOAD": "0", "GLOO_SOCKET_IFNAME": "lo"}
    for script in sorted((ROOT / "benchmarks").glob("*.py")):
        session.run("python", str(script), *session.posargs, env=env)


def _conformance_options(posargs: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="nox -s conformance --", add_help=False)
    parser.add_argument("--target", default="fake")
    parser.add_argument("--ray", default="newest", choices=sorted(RAYS))
    parser.add_argument("--mode", default="metastore")
    parser.add_argument("--strict-npus", action="store_true")
    parser.add_argument("--receive", default="copy", choices=["copy", "map"])
    return parser.parse_known_args(posargs)


def _install_transport_stack(session: nox.Session, ray: str, *more: str) -> None:
    install(session, (TORCH, NUMPY, f"ray=={ray}", "msgspec>=0.21", *more, *TEST_TOOLS))
