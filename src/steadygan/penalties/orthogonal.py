"""Orthogonal regularisation of a network's weights (Brock et al. 2019, BigGAN, eq. 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import literal_fields
from steadygan.errors import UsageError
from steadygan.penalties.base import check_interval, check_weight
from steadygan.penalties.stored_weights import stored_weight
from steadygan.schedules import Schedule
from steadygan.types import PlayerName

if TYPE_CHECKING:
    from torch import Tensor, nn


def correlation_of_rows(matrix: Tensor) -> Tensor:
    """||W W^T o (1 - I)||_F^2 of W [outputs, inputs], 0-d: the sum of the squared products of different rows.

    0 for orthogonal rows of any length; the gradient is 4 (W W^T o (1 - I)) W. The smaller of W W^T and W^T W is made:
    ||W W^T||_F = ||W^T W||_F, less the products of rows with themselves.
    """
    outputs, inputs = matrix.shape
    if outputs <= inputs:
        gram = matrix @ matrix.t()
        return (gram - gram.diagonal().diag()).square().sum()
    return (matrix.t() @ matrix).square().sum() - matrix.square().sum(1).square().sum()


def orthogonal_penalty(network: nn.Module) -> Tensor:
    """The sum of ``correlation_of_rows`` over a network's linear layers and convolutions, 0-d, in float32 or wider.

    A convolution's weight is the matrix [outputs, inputs times kernel]; under a spectral norm or pruning it is the
    stored one, under a weight norm g v / |v|. Embeddings, such as BigGAN's shared class vectors, and the tables and
    scales of norms are left out.

    Raises:
        UsageError: one line, for a weight that a hook computes of what is not known.
    """
    import torch

    total: Tensor | None = None
    for weight in _matrices(network):
        with torch.autocast(weight.device.type, enabled=False):
            value = correlation_of_rows(weight.float() if weight.itemsize < 4 else weight)
            total = value if total is None else total + value
    return torch.zeros(()) if total is None else total


def _matrices(network: nn.Module) -> Iterator[Tensor]:
    """Weights [outputs, rest] of the layers, each once."""
    from torch import nn

    seen: dict[int, Tensor] = {}  # kept alive, so that no other one gets its id
    for module in network.modules():
        if not isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            continue
        weight = stored_weight(module)
        if id(weight) not in seen:
            seen[id(weight)] = weight
            transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
            yield (weight.transpose(0, 1) if transposed else weight).flatten(1)


@dataclass(frozen=True)
class Orthogonal:
    """weight sum over layers of ||W W^T o (1 - I)||_F^2 (BigGAN, eq. 3), on the weights of one player's network.

    With it a generator may be sampled from a truncated prior; BigGAN has 1e-4 on the generator. The authors' PyTorch
    code adds half of this term's gradient: its strength 1e-4 is a weight of 5e-5 here.
    """

    weight: float | Schedule = 1e-4
    """beta; may be a schedule over rounds"""
    player: PlayerName = "generator"
    """whose weights"""
    every: int = 1
    """applied on every so many steps of the player, with the weight times that number"""

    def __post_init__(self) -> None:
        check_weight("Orthogonal.weight", self.weight)
        literal_fields(self, player=PlayerName)
        check_interval("Orthogonal.every", self.every)

    def of_weights(self, network: nn.Module) -> Tensor:
        """Raises UsageError for a network without such layers, which would be trained as if without the penalty."""
        if next(_matrices(network), None) is None:
            raise UsageError(
                f"Orthogonal is for weights of linear layers and convolutions, of which the {self.player} has none: "
                "leave it out, or make them of torch.nn's layers"
            )
        return orthogonal_penalty(network)
