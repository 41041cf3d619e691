"""``python -m yr_fake_cann`` is the command ``yr-fake-cann``."""

import sys

from yr_fake_cann.cli import main

sys.exit(main())
