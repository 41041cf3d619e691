"""The device memory of one key in a call, as the SDK's layers hand it to the client."""

from typing import NamedTuple


class Blobs(NamedTuple):
    """Pieces (address, bytes) on one device; `source_offset` skips bytes of what is fetched."""

    device: int
    pieces: list[tuple[int, int]]
    source_offset: int = 0

    @property
    def sizes(self) -> list[int]:
        """The bytes of each piece."""
        return [size for _address, size in self.pieces]
