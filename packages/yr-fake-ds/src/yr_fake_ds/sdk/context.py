"""`Context`: the trace id of the calling thread."""

from yr_fake_ds.client import trace
from yr_fake_ds.sdk.binding_arguments import TEXT, Signature, as_text
from yr_fake_ds.sdk.calls import sdk_call
from yr_fake_ds.sdk.identity import known_as

SET_TRACE_ID = Signature("set_trace_id", (TEXT,))


@known_as("yr.datasystem.util")
class Context:
    """Settings of the calling thread."""

    @staticmethod
    @sdk_call
    def set_trace_id(trace_id: str) -> None:
        """Prefix the trace ids of this thread's calls; RuntimeError from 36 bytes on."""
        SET_TRACE_ID.check(None, trace_id)
        trace.set_prefix(as_text(trace_id))
