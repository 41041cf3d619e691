"""Operators of torch_npu, and of torch without a CPU kernel, provided by their definition.

Each function has the signature of its operator and is registered under the same name, below and
above autograd, so that gradients follow from the definition. It is called by torch's dispatcher, in
the thread of the operator's caller, with tensors of one npu. Definitions, shapes and dtypes are
those of the documentation that torch_npu 2.13.0 ships (``torch_npu/_op_plugin_docs.py``) and of its
shape functions; what they leave open is said where it is decided. Intermediate results are float32,
roundings of the Ascend kernels are not reproduced.
"""

from collections.abc import Callable
from typing import Any, Final

from yr_fake_cann.kernels.fused import (
    batch_norm,
    elementwise,
    expert_routing,
    fusion_attention,
    fusion_attention_grad,
    inference_attention,
    matmul,
    quantization,
)

PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    **batch_norm.PROVIDED,
    **elementwise.PROVIDED,
    **expert_routing.PROVIDED,
    **fusion_attention.PROVIDED,
    **fusion_attention_grad.PROVIDED,
    **inference_attention.PROVIDED,
    **matmul.PROVIDED,
    **quantization.PROVIDED,
}
