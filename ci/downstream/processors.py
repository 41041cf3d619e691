"""Import this, and Ray has eight processors on this machine.

What others ship reserves up to five, mostly idle, and waits for them for ever on a smaller machine.
A plugin of pytest by being imported.
"""

import functools

import ray

ray.init = functools.partial(ray.init, num_cpus=8)
