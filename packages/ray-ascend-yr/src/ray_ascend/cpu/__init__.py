"""Tensors in host memory: packed into one value of the datasystem."""
