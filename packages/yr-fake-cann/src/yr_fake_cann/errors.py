"""Errors of this package.

Exception
└── ActivationError                  the emulated CANN cannot take effect here
NotImplementedError                  (itself a RuntimeError, which torch_npu raises on failures)
└── NotEmulatedError                 an operator of torch_npu that has no kernel here
RuntimeError
├── OperatorArgumentError            a fused operator was given what its documentation excludes
└── StreamError                      a task queued on a stream before this kernel has failed
"""

EMULATED_OPERATORS_PAGE = "docs/emulated-operators.md of yr-fake-cann"


class ActivationError(Exception):
    """The libraries are missing, or the process has gone too far to put them in place."""


class NotEmulatedError(NotImplementedError):
    """An operator of torch_npu needs an Ascend kernel; raised in the thread that calls it."""

    def __init__(self, operator: str) -> None:
        super().__init__(
            f"{operator} needs an Ascend kernel and is not emulated. What is emulated stands in "
            f"{EMULATED_OPERATORS_PAGE}; run this part on a real NPU, or replace the operator by "
            "its definition in aten operators when it runs on yr-fake-cann."
        )
        self.operator = operator


class OperatorArgumentError(RuntimeError):
    """A fused operator was called with arguments that its documentation excludes.

    torch_npu raises a RuntimeError there too; CANN's code and text are not reproduced.
    """

    def __init__(self, operator: str, what: str) -> None:
        super().__init__(f"{operator}: {what}")
        self.operator = operator


class StreamError(RuntimeError):
    """A task that a kernel had to wait for failed on its stream, with an ACL status.

    On hardware the failure shows at the next synchronisation; here a kernel is one.
    """

    def __init__(self, device: int, status: int, reason: str = "") -> None:
        super().__init__(
            f"a task on the current stream of npu:{device} failed with ACL status {status}; "
            f"the bytes that it should have produced are not there. {reason}".rstrip()
        )
        self.device = device
        self.status = status
