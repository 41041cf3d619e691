"""The messages between the engines of two processes, as frames of msgpack; no payload.

    requester                    owner
      Introduce              ->
                             <-  Owner
      Read                   ->                 as often as needed: a frame holds so many
                             <-  Lent
      Finished               ->
                             <-  Finished       the loan lasted until now

Instead of any answer comes `Refused`, and the end of the connection.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from yr_fake_ds.protocol import Message

MAX_RANGES: Final = 20_000
"""In one `Read`, so that the answer fits a frame."""

Number: TypeAlias = Annotated[int, Meta(ge=0)]
"""Of 64 bits; msgpack has none that are longer."""


class Introduce(Message, frozen=True):
    """First message of a requester -> Owner."""


class Owner(Message, frozen=True):
    """The owner may lend memory of this NPU, as it numbers them."""

    device: int


class Read(Message, frozen=True):
    """Ask for memory by address and length -> Lent."""

    ranges: Annotated[list[tuple[Number, Number]], Meta(max_length=MAX_RANGES)]


class Finished(Message, frozen=True):
    """All is copied -> Finished, if the loan lasted until now."""


class Refused(Message, frozen=True):
    """The owner does not serve that: a code of the SDK's ErrorCode, and a text."""

    code: int
    message: str


class Lent(Message, frozen=True):
    """One name a range, by which CANN opens the memory in the requester; "" for what it cannot.

    If a range is refused, those before it are lent, and none behind it.
    """

    names: list[str]
    refused: Refused | None = None


Ask: TypeAlias = Introduce | Read | Finished
Answer: TypeAlias = Owner | Lent | Finished | Refused

encode = msgspec.msgpack.Encoder().encode
decode_ask = msgspec.msgpack.Decoder(Ask).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode
