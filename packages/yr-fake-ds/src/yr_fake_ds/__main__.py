"""``python -m yr_fake_ds``: the same as the command ``yr-fake-ds``."""

import sys

from yr_fake_ds.cli import main

if __name__ == "__main__":
    sys.exit(main())
