"""Tensors on NPUs: offered in place by the source, read by the receiver's NPU."""
