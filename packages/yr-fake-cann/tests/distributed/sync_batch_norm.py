"""One rank that trains a SyncBatchNorm; started by `test_sync_batch_norm`.

    python sync_batch_norm.py RANK WORLD STORE TARGET

It saves what the layer gave, its gradients and its running statistics.
"""

import sys
from typing import Final

import torch
import torch.distributed as dist

CHANNELS: Final = 3


def batch(rank: int) -> torch.Tensor:
    """Return the values of a rank; each has another number of them."""
    generator = torch.Generator().manual_seed(rank)
    return torch.randn(rank + 2, CHANNELS, 4, generator=generator) * (rank + 1)


def main() -> None:
    """Run one rank to its end."""
    rank, world, store, target = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    import torch_npu

    torch_npu.npu.set_device(rank)
    dist.init_process_group("hccl", init_method=f"file://{store}", rank=rank, world_size=world)
    layer = torch.nn.SyncBatchNorm(CHANNELS).to("npu")
    source = batch(rank).to("npu").requires_grad_()
    result = layer(source)
    torch.autograd.backward(result.square().sum())
    found = (result, source.grad, layer.weight.grad, layer.running_mean, layer.running_var)
    torch.save([tensor.detach().cpu() for tensor in found if tensor is not None], target)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
