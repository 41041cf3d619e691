"""What goes wrong with calibrations: all of it is one error, whose text says what to do.

Exception
├── CalibrationError        a file, target or prefix of questions that nothing can be done with
└── UnpreparedError         in the process of a question: what it needs cannot be had there
"""

from __future__ import annotations


class CalibrationError(Exception):
    """The text names the file, target or prefix, and what to do about it."""


class UnpreparedError(Exception):
    """The question cannot be asked on this machine; the text is the reason that the report has."""
