"""`python -m yr_fake_ds.dscli`."""

import sys

from yr_fake_ds.dscli import main

sys.exit(main())
