"""Keeps the fake active in a Python whose PYTHONPATH or PATH somebody has replaced.

`yr_fake_ds.pth`, beside the package, imports this at the start of each Python of its environment
while YR_FAKE_DS is 1, before the program's own directory gets on the path. Launch scripts and Ray's
`runtime_env` replace the other two; `python -I` does not look at them.
"""

from yr_fake_ds.activation import restore

restore()
