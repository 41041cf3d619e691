"""Operators of torch_npu, and of torch without a CPU kernel, provided by their definition.

Each function has the signature of its operator and is registered under the same name, below and
above autograd, so that gradients follow from the definition. It is called by torch's dispatcher, in
the thread of the operator's caller, with tensors of one npu. Definitions, shapes and dtypes are
those of the documentation that torch_npu 2.13.0 ships (``torch_npu/_op_plugin_docs.py``), of its
shape functions, and of the tests and documents of Ascend's public op-plugin and ops-transformer
repositories; what they leave open is said where it is decided. Intermediate results are float32,
roundings of the Ascend kernels are not reproduced.
"""

from collections.abc import Callable
from typing import Any, Final

from yr_fake_cann.kernels.fused import (
    attention_merge,
    batch_norm,
    elementwise,
    expert_dispatch,
    expert_routing,
    fusion_attention,
    fusion_attention_grad,
    inference_attention,
    kv_cache,
    layers,
    matmul,
    quantization,
    rotary,
)

PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    **attention_merge.PROVIDED,
    **batch_norm.PROVIDED,
    **elementwise.PROVIDED,
    **expert_dispatch.PROVIDED,
    **expert_routing.PROVIDED,
    **fusion_attention.PROVIDED,
    **fusion_attention_grad.PROVIDED,
    **inference_attention.PROVIDED,
    **kv_cache.PROVIDED,
    **layers.PROVIDED,
    **matmul.PROVIDED,
    **quantization.PROVIDED,
    **rotary.PROVIDED,
}
