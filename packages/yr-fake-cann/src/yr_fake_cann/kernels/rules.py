"""Which operator of torch_npu is treated how: the tables behind `installation`.

An operator without a row here follows from what torch itself registers for it: composite operators
are decomposed, operators with a CPU kernel run on host views, everything else is refused by name.
"""

from typing import Final

# torch_npu's own kernels, which allocate memory or change metadata and need no Ascend kernel.
KEPT: Final = frozenset(
    {
        "_copy_from_and_resize",
        "_has_compatible_shallow_copy_type",
        "_lazy_clone",
        "_pin_memory",
        "_reshape_alias",
        "_resize_output_",
        "alias",
        "as_strided",
        "as_strided_",
        "copy_memory_",
        "empty",
        "empty_like",
        "empty_strided",
        "empty_with_format",
        "empty_with_swapped_memory",
        "get_npu_format",
        "get_storage_size",
        "is_pinned",
        "is_set_to",
        "new_empty_strided",
        "npu_change_data_ptr",
        "npu_reshape",
        "pin_memory",
        "record_stream",
        "resize_",
        "resize_as_",
        "set_op_timeout_ms",
        "set_",
        "squeeze",
        "storage_resize_",
        "t",
        "transpose",
        "unfold",
        "unsafe_empty_with_format",
        "unsafe_split",
        "unsqueeze",
        "view",
        "view_as_complex",
        "view_as_real",
    }
)

# torch's device-independent kernel, run on the npu tensors themselves: it allocates on the device
# and calls other operators, so that nothing is copied twice and devices are respected.
DEVICE_INDEPENDENT: Final = frozenset(
    {"_to_copy", "clone", "full", "ones", "ones_like", "zeros", "zeros_like", "full_like"}
)

# Arguments that are CPU tensors by definition or may be: (operator, name of the argument).
HOST_ARGUMENTS: Final = {
    "aten::_index_put_impl_": "indices",
    "aten::_pack_padded_sequence": "lengths",
    "aten::_unsafe_index": "indices",
    "aten::_unsafe_index_put": "indices",
    "aten::index": "indices",
    "aten::index_put": "indices",
    "aten::index_put_": "indices",
}

# Results that stay on the CPU: (operator, positions in the tuple of results).
HOST_RESULTS: Final = {"aten::_pack_padded_sequence": frozenset({1})}

# The overload that takes a generator, for operators that draw numbers without one.
WITH_GENERATOR: Final = {
    "aten::randperm": "aten::randperm.generator",
    "aten::randperm.out": "aten::randperm.generator_out",
}

# Operators with a kernel of this package.
OWN: Final = frozenset({"aten::copy_", "aten::native_dropout"})
