"""Kernels for torch_npu's device "npu", on memory that the host can address.

    operator on npu tensors ─> PrivateUse1 kernel of this package
                                 │ drain the current stream       (streams)
                                 │ host views of the same bytes   (alias)
                                 │ the CPU kernel of torch        (crossing)
                                 └ results onto the npu device    (crossing)

`rules` says which operator is treated how, `installation` registers everything, lazily: a kernel is
prepared when its operator is called for the first time.
"""
