"""`python -m ray_ascend COMMAND`: what a user runs in a shell; `doctor` is the only command."""

from __future__ import annotations

import sys

from ray_ascend.doctor.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
