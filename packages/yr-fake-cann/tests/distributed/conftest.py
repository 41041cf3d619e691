"""The tests compare what other processes did; torch itself needs no NPU in this one."""

import os

os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
