"""The formula of attention and of its gradients, on [B, N, S, D] tensors in float32."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

_LOWEST: Final = torch.finfo(torch.float32).min
_HIGHEST: Final = torch.finfo(torch.float32).max


@dataclass(frozen=True)
class Scoring:
    """How scores come from products: scale, the bias before or after it, and what is hidden."""

    scale: float
    bias: Tensor | None = None
    bias_is_scaled: bool = True
    hidden: Tensor | None = None
    sink: Tensor | None = None

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the scores of all pairs, the lowest number for hidden ones."""
        products = query @ key.transpose(-1, -2)
        if self.bias is None:
            scores = products * self.scale
        elif self.bias_is_scaled:
            scores = (products + self.bias) * self.scale
        else:
            scores = products * self.scale + self.bias
        return scores if self.hidden is None else scores.masked_fill(self.hidden, _LOWEST)

    def weights(self, scores: Tensor, maximum: Tensor, total: Tensor) -> Tensor:
        """Return the softmax; a query that sees nothing has weights of 0."""
        return self.exponents(scores, maximum) / total

    def exponents(self, scores: Tensor, maximum: Tensor) -> Tensor:
        """Return exp(scores - maximum), 0 where hidden."""
        exponents = (scores - maximum).exp()
        return exponents if self.hidden is None else exponents.masked_fill(self.hidden, 0.0)

    def statistics(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maximum and the sum of exponents of each query, [B, N, S, 1].

        Of a query that sees nothing they are the lowest and the highest number of float32.
        """
        with_lowest = torch.cat(
            (scores.detach(), scores.new_full((*scores.shape[:-1], 1), _LOWEST)), -1
        )
        maximum = with_lowest.amax(-1, keepdim=True)
        if self.sink is None:
            total = self.exponents(scores, maximum).sum(-1, keepdim=True)
            return maximum, total.masked_fill(total == 0, _HIGHEST)
        sink = self.sink.view(1, -1, 1, 1)
        maximum = torch.maximum(maximum, sink.detach())
        total = self.exponents(scores, maximum).sum(-1, keepdim=True) + (sink - maximum).exp()
        return maximum, total


def attention(
    query: Tensor, key: Tensor, value: Tensor, scoring: Scoring, kept: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the result, the maxima and the sums; ``kept`` scales weights after the softmax."""
    scores = scoring.scores(query, key)
    maximum, total = scoring.statistics(scores)
    weights = scoring.weights(scores, maximum, total)
    return (weights if kept is None else weights * kept) @ value, maximum, total


@dataclass(frozen=True)
class Gradients:
    """Gradients of one call, of queries, keys, values, scores before scaling or bias, and sinks."""

    query: Tensor
    key: Tensor
    value: Tensor
    bias: Tensor
    sink: Tensor | None


def attention_gradients(
    inputs: tuple[Tensor, Tensor, Tensor],
    scoring: Scoring,
    statistics: tuple[Tensor, Tensor],
    result: Tensor,
    grad: Tensor,
    kept: Tensor | None = None,
) -> Gradients:
    """Return the gradients from the statistics and the result of the whole softmax.

    ``inputs`` may be a part of the keys only, as in ring attention: the statistics and the result
    are then those over all keys, and the gradients are the part's share.
    """
    query, key, value = inputs
    maximum, total = statistics
    weights = scoring.weights(scoring.scores(query, key), maximum, total)
    dropped = weights if kept is None else weights * kept
    of_weights = grad @ value.transpose(-1, -2)
    of_weights = of_weights if kept is None else of_weights * kept
    share = (grad * result).sum(-1, keepdim=True)
    of_scores = weights * (of_weights - share)
    return Gradients(
        query=of_scores @ key * scoring.scale,
        key=of_scores.transpose(-1, -2) @ query * scoring.scale,
        value=dropped.transpose(-1, -2) @ grad,
        bias=of_scores * scoring.scale if scoring.bias_is_scaled else of_scores,
        sink=_of_sink(scoring.sink, maximum, total, share),
    )


def _of_sink(sink: Tensor | None, maximum: Tensor, total: Tensor, share: Tensor) -> Tensor | None:
    if sink is None:
        return None
    weight = (sink.view(1, -1, 1, 1) - maximum).exp() / total
    return -(weight * share).sum((0, 2, 3))
