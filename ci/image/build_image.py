"""Build the image of fakes, suite and transport, and use it as its users do.

    wheels of pip --+
    our wheels -----+--> a directory --> the engine's builder --> image --> a container without a
    Containerfile --+                                                       network runs clauses

Called by `nox -s image` with the directory of wheels; needs an engine that answers (DOCKER_HOST, or
its usual socket).
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
from collections.abc import Sequence

import docker
from docker.errors import APIError, BuildError, ContainerError, DockerException, ImageNotFound

CONTAINERFILE = pathlib.Path(__file__).parent / "Containerfile"
SHARED_MEMORY = "2g"
"""Ray's object store is in /dev/shm, of which a container has 64 MB if nothing is said."""
CLAUSES = ("--chapter", "KV-GET", "--chapter", "XFER-GET")


def main(arguments: Sequence[str]) -> int:
    """Build, try, and say what is wrong: the status is 1 then."""
    options = _options(arguments)
    shutil.copy(CONTAINERFILE, options.context / "Containerfile")
    try:
        engine = docker.from_env()
        _build(engine, options.context, options.base, options.tag)
        _try(engine, options.tag)
    except BuildError as error:
        print("".join(str(line.get("stream", "")) for line in error.build_log))
        print(f"image: {options.tag} could not be built: {error}")
    except ContainerError as error:
        print(f"image: {options.tag} does not do what it is for: {error}")
    except ImageNotFound as error:
        print(f"image: {options.base} cannot be had: {error}; --base names another one")
    except (APIError, DockerException) as error:
        print(f"image: no engine builds it: {error}; start one, or name it by DOCKER_HOST")
    else:
        return 0
    return 1


def _build(engine: docker.DockerClient, context: pathlib.Path, base: str, tag: str) -> None:
    image, _ = engine.images.build(
        path=str(context), dockerfile="Containerfile", buildargs={"BASE": base}, tag=tag, rm=True
    )
    print(f"image: {tag} is {image.short_id}, {image.attrs['Size'] / 1e6:.0f} MB, of {base}")


def _try(engine: docker.DockerClient, tag: str) -> None:
    """Run clauses of both halves; without a network, as everything stays on loopback."""
    command = ["yr-conformance", "run", "--target", "fake", "-n", "0", *CLAUSES]
    output = engine.containers.run(
        tag, command, network_mode="none", shm_size=SHARED_MEMORY, init=True, remove=True
    )
    print(output.decode(errors="replace"))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser = argparse.ArgumentParser(prog="nox -s image --", description=__doc__)
    parser.add_argument("--context", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument(
        "--base",
        default=f"docker.io/library/python:{python}-slim-bookworm",
        help="an image with this Python and its venv (default: %(default)s)",
    )
    parser.add_argument(
        "--tag", default="localhost/yr-fakes:local", help="name of the image (%(default)s)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
