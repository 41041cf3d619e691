"""Strict mode: the host may not touch device memory."""

import ctypes
import os
import subprocess
import sys
from typing import Final

import pytest
from bindings import DEVICE_TO_DEVICE, in_process, opened

STRICT: Final = {"YR_FAKE_CANN_STRICT": "1"}


def copy_around() -> bytes:
    """Return what comes back over two blocks of device memory."""
    cann = opened()
    first, second = cann.malloc(8), cann.malloc(8)
    cann.write(first, b"by alias")
    cann.aclrtMemcpy(second, 8, first, 8, DEVICE_TO_DEVICE)
    return cann.read(second, 8)


def read_by_alias() -> tuple[bool, bytes]:
    """Return whether the host's address differs, and what is there."""
    cann = opened()
    address = cann.malloc(8)
    cann.write(address, b"by alias")
    cann.library.yr_fake_cann_host_alias.restype = ctypes.c_void_p
    alias = cann.library.yr_fake_cann_host_alias(ctypes.c_void_p(address), ctypes.c_size_t(8))
    return alias != address, ctypes.string_at(alias, 8)


def touch(freed: bool) -> None:
    """Read a byte of device memory as the host."""
    cann = opened()
    address = cann.malloc(8)
    if freed:
        cann.aclrtFree(address)
    ctypes.string_at(address + 5, 1)


def test_copies_work() -> None:
    """Bytes go through the host's own mapping."""
    assert in_process(copy_around, settings=STRICT) == b"by alias"


def test_kernels_have_an_address_of_their_own() -> None:
    """yr_fake_cann_host_alias gives it; without strict mode it is the same address."""
    assert in_process(read_by_alias, settings=STRICT) == (True, b"by alias")
    assert in_process(read_by_alias) == (False, b"by alias")


@pytest.mark.parametrize(
    ("freed", "named"), [(False, "is memory of npu:0"), (True, "is freed memory of npu:0")]
)
def test_a_touch_by_the_host_is_reported_and_ends_the_process(freed: bool, named: str) -> None:
    """The report names the address, the allocation and the offset."""
    code = f"import sys; sys.path[:] = {sys.path!r}; import {__name__}; {__name__}.touch({freed})"

    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **STRICT},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode != 0
    assert "the host touched device memory: 0x" in ended.stderr
    assert f"{named}: byte 5 of the allocation of 2097152 bytes" in ended.stderr
