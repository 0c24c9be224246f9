"""EBGAN: the score is an energy, low on real samples and, up to a margin, high on fakes (Zhao et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from steadygan.checks import at_least
from steadygan.errors import UsageError
from steadygan.objectives.base import State
from steadygan.schedules import LinearDecay, check_schedule
from steadygan.scores import Scores, both_score_maps, scale_mean, single_number, widened
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor


def energy_critic_loss(real: Scores, fake: Scores, margin: float | Tensor) -> Tensor:
    """E e(x) + E max(0, margin - e(g)) from energies [N]: fakes above the margin are left alone.

    Energies have the forms of scores (``steadygan.scores``); the margin is one number.
    """
    most = single_number(margin, "the margin")
    return scale_mean(lambda x, g: x.mean() + (most - g).relu().mean(), *both_score_maps(real, fake))


def pulling_away_term(code: Tensor) -> Tensor:
    """1/(N(N-1)) sum over i != j of cos(s_i, s_j)^2, a scalar: 1 for parallel codes, 0 for orthogonal ones.

    Added to the generator's loss, it keeps fakes apart (EBGAN-PT, Zhao et al. 2017).

    Args:
        code: s, [N, width]: an autoencoder critic's codes of the fakes

    Raises:
        ValueError: for fewer than two codes, and for codes of other dimensions.
    """
    import torch
    import torch.nn.functional as F

    if code.dim() != 2:
        raise ValueError(f"the pulling-away term takes codes [N, width], got shape {list(code.shape)}")
    count = len(code)
    if count < 2:
        raise ValueError(f"the pulling-away term compares codes of a batch; it needs 2 or more, got {count}")
    with torch.autocast(code.device.type, enabled=False):
        directions = F.normalize(widened(code), dim=1)
        squares = (directions @ directions.T).square()
        return (squares.sum() - squares.diagonal().sum()) / (count * (count - 1))


class MarginState(NamedTuple):
    """State of ``EnergyBased`` with a margin that decays."""

    margin: Tensor
    """margin of the next step"""
    margin_step: Tensor
    """critic steps of decay so far"""


@dataclass(frozen=True)
class EnergyBased:
    """EBGAN: energies of real samples are lowered, of fakes raised up to a margin; the generator lowers them.

    The score is an autoencoder critic's reconstruction error. Zhao et al. 2017, Energy-based GAN.
    """

    margin: float = 1.0
    """m, in units of the score. The papers' values (10 on MNIST; 20 and 80 for faces and bedrooms, unconfirmed) are
    for errors summed in another way: a mean squared error of pixels in [-1, 1] is 4 at most"""
    margin_decay: LinearDecay | None = None
    """factor of the margin, over critic steps (one a round in EBGAN); None: constant margin"""
    pulling_away: float = 0.0
    """weight of the pulling-away term on the codes of fakes; EBGAN-PT: 0.1"""

    def __post_init__(self) -> None:
        at_least("EnergyBased.margin", self.margin, 0)
        at_least("EnergyBased.pulling_away", self.pulling_away, 0)
        if self.margin_decay is not None:
            check_schedule("EnergyBased.margin_decay", self.margin_decay)

    @property
    def needs(self) -> tuple[str, ...]:
        """A critic with a code is an autoencoder, whose score is a reconstruction error."""
        return ("code",)

    @property
    def needs_real(self) -> bool:
        return False

    @property
    def mixes_samples(self) -> bool:
        return self.pulling_away > 0.0

    @property
    def real_is_high(self) -> bool:
        return False

    def initial_state(self) -> State:
        import torch

        if self.margin_decay is None:
            return ()
        return MarginState(torch.tensor(self.margin * self.margin_decay.start), torch.zeros(()))

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        return energy_critic_loss(real.score, fake.score, state[0] if state else self.margin)

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        energy = widened(fake.score).mean()
        if not self.pulling_away:
            return energy
        if fake.code is None:
            raise UsageError(
                f"EnergyBased.pulling_away is {self.pulling_away}, but the critic gives no code: "
                "use an autoencoder critic, or leave pulling_away at 0"
            )
        return energy + self.pulling_away * pulling_away_term(fake.code)

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State, passed: float = 1.0) -> State:
        """The state after a critic step, which stands for ``passed`` steps of the run that ``margin_decay`` is for."""
        decay = self.margin_decay
        if decay is None:
            return state
        step = state[1] + passed
        done = (step / decay.rounds).clamp(max=1.0)
        return MarginState(self.margin * (decay.start + (decay.end - decay.start) * done), step)
