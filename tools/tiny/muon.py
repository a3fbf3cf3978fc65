"""Muon (https://kellerjordan.github.io/posts/muon), in the precision that the processor multiplies fastest.

PyTorch's own is bf16 only, which takes a processor without bf16 longer than all the rest of a step (8.4 s on one core
with AVX2, where f32 takes 0.25 s).
"""

from collections import defaultdict

import torch
import torch.distributed as dist
from torch import Tensor

from model import FAST


def orthogonal(g: Tensor) -> Tensor:
    """g [n, rows, columns], each about its nearest orthogonal matrix, by five steps of Newton and Schulz."""
    if g.shape[1] > g.shape[2]:
        return orthogonal(g.transpose(1, 2)).transpose(1, 2)
    x = g.to(FAST)
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=-4.775, alpha=2.0315), x, beta=3.4445)
    return x


def shared(g: Tensor) -> Tensor:
    """`orthogonal`, each process doing its part of the matrices."""
    mine = slice(dist.get_rank(), None, dist.get_world_size())
    updates = torch.zeros_like(g)
    updates[mine] = orthogonal(g[mine]).to(g.dtype)
    dist.all_reduce(updates)
    return updates


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, each matrix's update made orthogonal, at rates like AdamW's."""

    def __init__(self, matrices: list[Tensor], lr: float, weight_decay: float, momentum: float):
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            alike = defaultdict(list)
            for p in group["params"]:
                alike[p.shape].append(p)
            for shape, matrices in alike.items():
                updates = shared(torch.stack([self.moved(p, group["momentum"]) for p in matrices]))
                rate = group["lr"] * 0.2 * max(shape) ** 0.5
                for p, update in zip(matrices, updates):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-rate)

    def moved(self, p: Tensor, momentum: float) -> Tensor:
        """The gradient, looking ahead along the momentum that it is added to."""
        state = self.state[p]
        if not state:
            state["mean"] = torch.zeros_like(p)
        mean = state["mean"]
        mean.lerp_(p.grad, 1 - momentum)
        return p.grad.lerp(mean, momentum)
