"""Errors of this package, and the only places where an SDK error is made.

    RuntimeError, TypeError          what user code sees: exactly the types that the SDK raises
    RuntimeError
    └── WorkerError                  `worker()` or `cluster()` cannot start or stop a worker
    NotImplementedError
    └── NotSupportedError            something the real SDK has and this fake has not (yet)
    ValueError
    ├── FaultPlanError               a fault plan means nothing; defined in `faults.plan`
    └── UnknownProfileError          there is no such profile; defined in `profile`
    Exception
    ├── StatusError                  a failed call inside the client; leaves the SDK as RuntimeError
    └── ActivationError              the fake cannot take the place of the real SDK here

The SDK's exceptions have no error code attribute: the text starts with ``code: [<status>]`` (shapes
A, B and C were measured on openyuanrong-datasystem 0.8.1, see `texts`).
"""

from yr_fake_ds.texts import OK, Text

SUPPORTED_API_PAGE = "docs/supported-api.md of yr-fake-ds"


class StatusError(Exception):
    """A call failed with a status; raised between client and SDK layer in the calling process.

    `status` is the name of the status ("Key not found"), `message` the decorated text after it.
    """

    def __init__(self, status: str, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return status_text(self.status, self.message)


class NotSupportedError(NotImplementedError):
    """The real SDK offers this call, the fake does not; the text says why and where to look."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"yr-fake-ds does not support {name}: {reason}. See {SUPPORTED_API_PAGE}.")


class WorkerError(RuntimeError):
    """A worker of a test or script could not be started or stopped; the text is dscli's."""


class ActivationError(Exception):
    """The shim root cannot take effect, for instance because the real SDK is already imported."""


def status_text(status: str, message: str) -> str:
    """Return a status as the SDK prints it: ``code: [<status>], msg: [<message>]``."""
    return f"code: [{status}], msg: [{message}]"


def failure(text: Text, trace_id: str, **values: object) -> StatusError:
    """Make the error of a row of the table of texts, decorated for this thread and trace id."""
    return StatusError(text.status, text.message(trace_id, **values))


def ok_text() -> str:
    """Return the text of the OK status."""
    return status_text(OK, "")
