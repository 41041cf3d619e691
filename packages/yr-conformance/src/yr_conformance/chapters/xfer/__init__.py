"""XFER: tensors between Ray actors, the same bytes on the other side and nobody else's."""
