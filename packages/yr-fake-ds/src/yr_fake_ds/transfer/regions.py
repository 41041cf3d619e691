"""The memory that an engine has registered, and who reads it at the moment.

A region stays registered until it is unregistered, beyond `finalize` and for the NPU that the
engine had then (measured on openyuanrong-datasystem 0.8.1). What a peer reads is on loan;
unregistering takes it from new readers at once and returns when the last loan of it has ended.
"""

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from yr_fake_ds.transfer import texts
from yr_fake_ds.transfer.texts import EngineError, refusal

MAX_ADDRESS: Final = 2**64 - 1


class Range(NamedTuple):
    """Bytes of memory; the numbers are whatever the caller said."""

    address: int
    length: int

    @property
    def end(self) -> int:
        """The address behind the last byte."""
        return self.address + self.length

    def overlaps(self, other: "Range") -> bool:
        """Tell whether the two have a byte in common."""
        return self.address < other.end and other.address < self.end

    def holds(self, other: "Range") -> bool:
        """Tell whether all bytes of the other are in this one."""
        return self.address <= other.address and other.end <= self.end


class Region(NamedTuple):
    """Registered memory, and the NPU of the engine when it was registered."""

    range: Range
    device: int


class Loan(NamedTuple):
    """What a peer may read: all that it asked for, or what comes before the first refusal."""

    ranges: tuple[Range, ...]
    refusal: EngineError | None


class Regions:
    """The regions of one engine; used from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._regions: list[Region] = []
        self._loans: dict[int, tuple[Range, ...]] = {}
        self._numbers = itertools.count()

    def add(self, ranges: Sequence[Range], device: int) -> None:
        """Register; EngineError for the first that cannot be.

        What came before it stays if an address or a length is zero, and goes if the range overlaps
        (both measured).
        """
        added: set[int] = set()
        with self._changed:
            for part in ranges:
                _check_positive(part)
                if not self._is_free(part, device):
                    self._drop(added)
                    raise refusal(texts.NOT_ADDED)
                self._regions.append(Region(part, device))
                added.add(part.address)

    def remove(self, address: int) -> None:
        """Unregister what begins there, and wait until nobody reads it any more."""
        with self._changed:
            removed = [region.range for region in self._regions if region.range.address == address]
            if not removed:
                raise refusal(texts.UNREGISTER_UNKNOWN)
            self._drop({address})
            self._changed.wait_for(lambda: not self._is_lent(removed))

    @contextmanager
    def lent(self, ranges: Sequence[Range], device: int) -> Iterator[Loan]:
        """Keep ranges from being unregistered while a peer reads them."""
        with self._changed:
            loan, number = self._loan_of(ranges, device), next(self._numbers)
            self._loans[number] = loan.ranges
        try:
            yield loan
        finally:
            with self._changed:
                del self._loans[number]
                self._changed.notify_all()

    def wait_until_returned(self) -> None:
        """Wait until nothing is on loan."""
        with self._changed:
            self._changed.wait_for(lambda: not self._loans)

    def _is_free(self, part: Range, device: int) -> bool:
        if part.end > MAX_ADDRESS:
            return False
        mine = (region.range for region in self._regions if region.device == device)
        return not any(part.overlaps(other) for other in mine)

    def _drop(self, addresses: set[int]) -> None:
        self._regions = [each for each in self._regions if each.range.address not in addresses]

    def _is_lent(self, ranges: Sequence[Range]) -> bool:
        lent = [part for loan in self._loans.values() for part in loan]
        return any(part.overlaps(other) for part in ranges for other in lent)

    def _loan_of(self, ranges: Sequence[Range], device: int) -> Loan:
        for count, part in enumerate(ranges):
            try:
                self._check_readable(part, device)
            except EngineError as error:
                return Loan(tuple(ranges[:count]), error)
        return Loan(tuple(ranges), None)

    def _check_readable(self, part: Range, device: int) -> None:
        if not part.length:
            raise refusal(texts.REMOTE_LENGTH_ZERO)
        if not part.address:
            raise refusal(texts.REMOTE_ADDRESS_ZERO)
        devices = {region.device for region in self._regions if region.range.holds(part)}
        # Registered for two NPUs is as good as not at all (measured).
        if len(devices) != 1:
            raise refusal(texts.NOT_REGISTERED)
        if device not in devices:
            raise refusal(texts.OTHER_NPU)


def _check_positive(part: Range) -> None:
    if not part.address:
        raise refusal(texts.ADDRESS_ZERO)
    if not part.length:
        raise refusal(texts.LENGTH_ZERO)
