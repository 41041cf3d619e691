"""HCCL: collective groups of actors with NPUs, and the tensor transport between their ranks."""
