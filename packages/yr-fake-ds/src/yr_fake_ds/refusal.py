"""Refusals inside the worker: a row of the table of texts with its values, before decoration."""

from __future__ import annotations

from typing import Any, Final

from yr_fake_ds import device_texts, texts
from yr_fake_ds.texts import Text

_TABLE: Final = {
    name: value
    for name, value in {**vars(device_texts), **vars(texts)}.items()
    if isinstance(value, Text)
}
_NAMES: Final = {id(value): name for name, value in _TABLE.items()}


class RefusedError(Exception):
    """A request cannot be carried out; the worker answers it with a Failure."""

    def __init__(self, text: Text, **values: Any) -> None:
        super().__init__(text.status, values)
        self.text = text
        self.values = values

    @property
    def name(self) -> str:
        """The text's name in the table, by which another process finds it again."""
        return _NAMES[id(self.text)]


def refusal_by_name(name: str, values: dict[str, Any]) -> RefusedError:
    """Make a refusal that another process sent by name; KeyError for a name not in the table."""
    return RefusedError(_TABLE[name], **values)
