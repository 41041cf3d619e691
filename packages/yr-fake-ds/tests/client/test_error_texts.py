"""Shapes of the SDK's errors."""

import re
import threading

import pytest

from yr_fake_ds import texts
from yr_fake_ds.client import trace
from yr_fake_ds.errors import StatusError, failure
from yr_fake_ds.sdk.calls import sdk_call
from yr_fake_ds.sdk.context import Context
from yr_fake_ds.sdk.validator import Validator


@sdk_call
def _fail(text: texts.Text) -> None:
    raise failure(text, trace.current(), key="k", length=1)


def test_a_text_without_a_place_has_the_short_shape() -> None:
    """Shape A: the text and the trace id."""
    with pytest.raises(RuntimeError) as caught:
        _fail(texts.KEY_NOT_FOUND)

    pattern = (
        r"code: \[Key not found\], msg: \[Cannot get objects from worker, traceId: [0-9a-f-]{36}\]"
    )
    assert re.fullmatch(pattern, str(caught.value))


def test_a_text_with_a_place_has_the_long_shape() -> None:
    """Shape B: thread id, status, text, line, file, trace id."""
    with pytest.raises(RuntimeError) as caught:
        _fail(texts.KEYS_EMPTY)

    pattern = (
        rf"code: \[Invalid parameter\], msg: \[Thread ID {threading.get_ident()} Invalid parameter."
        r" The keys are empty\nLine of code : \d+\nFile         : \S+\ntraceId      : \S+\]"
    )
    assert re.fullmatch(pattern, str(caught.value))


def test_the_error_is_a_plain_runtime_error() -> None:
    """No subclass leaves the SDK."""
    with pytest.raises(RuntimeError) as caught:
        _fail(texts.KEYS_EMPTY)

    assert type(caught.value) is RuntimeError


def test_a_trace_prefix_belongs_to_its_thread() -> None:
    """Context.set_trace_id changes the ids of the calling thread alone."""
    seen: list[str] = []

    def call() -> None:
        Context.set_trace_id("my-id")
        seen.append(trace.begin_call())

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()

    assert re.fullmatch(r"my-id;[0-9a-f]{12}", seen[0])
    assert "my-id" not in trace.begin_call()


@pytest.mark.parametrize(
    ("trace_id", "text"), [("x" * 36, "should less than 36"), ("a b", "illegal char")]
)
def test_a_bad_trace_prefix_is_refused(trace_id: str, text: str) -> None:
    """Too long and wrong characters are invalid parameters."""
    with pytest.raises(RuntimeError, match=text):
        Context.set_trace_id(trace_id)


@pytest.mark.parametrize(
    ("value", "kind"), [(True, int), (("k",), list), (type("S", (str,), {})("k"), str)]
)
def test_argument_types_are_exact(value: object, kind: type) -> None:
    """A bool is no int, a tuple no list, a subclass not its base."""
    with pytest.raises(TypeError, match="The input of x has invalid type, valid type: "):
        Validator.check_args_types([["x", value, kind]])


def test_a_range_is_named_with_its_limits() -> None:
    """Shape D: the text of the Python layer's range check."""
    with pytest.raises(RuntimeError, match=r"Invalid x size -1 is set, .* between \[0,5\]"):
        Validator.check_param_range("x", -1, 0, 5)


def test_every_text_formats_with_its_own_names() -> None:
    """Each row of the table can be filled; none has a stray brace."""
    rows = [value for value in vars(texts).values() if isinstance(value, texts.Text)]
    names = {name for row in rows for name in re.findall(r"{(\w+)}", row.template)}

    filled = [row.fill(**dict.fromkeys(names, 1)) for row in rows]

    assert len(filled) > 50
    assert not [
        text for text in filled if "{" in text and "{2}" not in text and "regex" not in text
    ]


def test_a_status_error_prints_as_the_sdk_does() -> None:
    """The text is the code and the message."""
    assert str(StatusError("Try again", "later")) == "code: [Try again], msg: [later]"
