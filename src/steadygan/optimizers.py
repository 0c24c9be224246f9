"""Optimizer specs, which build torch optimizers with learning rates as device tensors, filled each round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from steadygan.checks import above, at_least, refused, within
from steadygan.schedules import Constant, Schedule, schedule_fields
from steadygan.system.light_torch import light

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer as TorchOptimizer


class OptimizerLike(Protocol):
    """Protocol of optimizer specs: the torch optimizer, and its settings by round."""

    @property
    def lr(self) -> float: ...
    @property
    def lr_factor(self) -> Schedule: ...
    def build(self, parameters: Iterable[nn.Parameter]) -> TorchOptimizer: ...
    def settings(self, round_: int) -> dict[str, Any]: ...


def _check(optimizer: Any, **settings: float) -> None:
    name = type(optimizer).__name__
    above(f"{name}.lr", optimizer.lr, 0, note="a schedule goes into lr_factor" if callable(optimizer.lr) else "")
    schedule_fields(optimizer, "lr_factor")
    for field, value in settings.items():
        at_least(f"{name}.{field}", value, 0)


def _check_decay(name: str, value: float) -> None:
    within(name, value, 0, 1, open_high=True)


def _rate(parameters: list[nn.Parameter], lr: float) -> Any:
    """The learning rate as a 0-d tensor, which a recorded or compiled step reads anew each round."""
    import torch

    return torch.tensor(lr, dtype=torch.float32, device=parameters[0].device if parameters else "cpu")


def _has_fused(parameters: list[nn.Parameter]) -> bool:
    return bool(parameters) and parameters[0].device.type in ("cpu", "cuda", "mps")


def _check_betas(name: str, betas: tuple[float, float]) -> None:
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise refused(f"{name}.betas", betas, "two numbers, such as (0.0, 0.9)")
    for index, beta in enumerate(betas):
        _check_decay(f"{name}.betas[{index}]", beta)


def _floats(betas: tuple[float, float]) -> tuple[float, float]:
    """Both as floats: a 0 without a point is one to a person, and not to torch."""
    return float(betas[0]), float(betas[1])


def _adam(kind: type[TorchOptimizer], spec: Adam | AdamW, parameters: Iterable[nn.Parameter]) -> TorchOptimizer:
    params = list(parameters)
    options: dict[str, Any] = {
        "lr": _rate(params, spec.lr),
        "betas": _floats(spec.betas),
        "eps": spec.eps,
        "weight_decay": spec.weight_decay,
        "fused": _has_fused(params),
        "capturable": bool(params) and params[0].device.type == "cuda",
    }
    return light(kind)(params, **options)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015); WGAN-GP's Algorithm 1 uses 1e-4 and betas 0, 0.9."""

    lr: float = 1e-4
    """learning rate alpha"""
    betas: tuple[float, float] = (0.0, 0.9)
    """beta_1, beta_2"""
    eps: float = 1e-8
    """added to the root"""
    weight_decay: float = 0.0
    """L2, added to the gradient"""
    lr_factor: Schedule = Constant(1.0)
    """schedule of a factor of the learning rate"""
    beta2: Schedule | None = None
    """schedule of beta_2, which replaces the constant"""

    def __post_init__(self) -> None:
        _check(self, eps=self.eps, weight_decay=self.weight_decay)
        _check_betas("Adam", self.betas)
        schedule_fields(self, "beta2", high=1, open_high=True)

    def build(self, parameters: Iterable[nn.Parameter]) -> TorchOptimizer:
        from torch.optim import Adam as TorchAdam

        return _adam(TorchAdam, self, parameters)

    def settings(self, round_: int) -> dict[str, Any]:
        """Rate and betas of a round."""
        betas = self.betas if self.beta2 is None else (self.betas[0], self.beta2(round_))
        return {"lr": self.lr * self.lr_factor(round_), "betas": _floats(betas)}


def lazily_corrected(settings: dict[str, Any], factor: float) -> dict[str, Any]:
    """Optimizer settings corrected for lazy regularisation (StyleGAN2, App. B; ``phases.lazy_correction``).

    The rate is multiplied by ``factor``, decays of running averages are raised to its power. Settings without such
    decays stay: steps that are proportional to the gradient, as those of SGD, add up to the same without correction.
    """
    if factor == 1.0 or not settings.keys() & {"betas", "alpha"}:
        return settings
    corrected = {**settings, "lr": settings["lr"] * factor}
    if "betas" in settings:
        corrected["betas"] = tuple(beta**factor for beta in settings["betas"])
    if "alpha" in settings:
        corrected["alpha"] = settings["alpha"] ** factor
    return corrected


def two_time_scale(
    generator: float = 1e-4, critic: float = 4e-4, betas: tuple[float, float] = (0.0, 0.9)
) -> tuple[Adam, Adam]:
    """Two time-scale update rule: Adam for the generator and for the critic (TTUR, Heusel et al. 2017).

    With a faster critic one critic step per round is enough; the default rates are SAGAN's (Zhang et al. 2019).
    """
    return Adam(generator, betas), Adam(critic, betas)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    lr: float = 1e-4
    """learning rate alpha"""
    betas: tuple[float, float] = (0.0, 0.9)
    """beta_1, beta_2"""
    eps: float = 1e-8
    """added to the root"""
    weight_decay: float = 1e-2
    """decoupled from the gradient"""
    lr_factor: Schedule = Constant(1.0)
    """schedule of a factor of the learning rate"""

    def __post_init__(self) -> None:
        _check(self, eps=self.eps, weight_decay=self.weight_decay)
        _check_betas("AdamW", self.betas)

    def build(self, parameters: Iterable[nn.Parameter]) -> TorchOptimizer:
        from torch.optim import AdamW as TorchAdam

        return _adam(TorchAdam, self, parameters)

    def settings(self, round_: int) -> dict[str, Any]:
        """Rate and betas of a round."""
        return {"lr": self.lr * self.lr_factor(round_), "betas": _floats(self.betas)}


@dataclass(frozen=True)
class RMSprop:
    """RMSprop, the optimizer of the original WGAN (rate 5e-5).

    ``alpha`` 0.99 and ``eps`` 1e-8 are torch's; TensorFlow 1, which the WGAN-GP authors' code runs on, has 0.9 and
    1e-10 [unconfirmed: that the paper's runs kept those defaults]; it also adds eps under the root, and its average
    starts at 1 (not copied).
    """

    lr: float = 5e-5
    """learning rate"""
    alpha: float = 0.99
    """decay of the squared-gradient average (TensorFlow 1: 0.9)"""
    eps: float = 1e-8
    """added to the root (TensorFlow 1: 1e-10)"""
    momentum: float = 0.0
    """0 for none; known to harm training under weight clipping"""
    lr_factor: Schedule = Constant(1.0)
    """schedule of a factor of the learning rate"""

    def __post_init__(self) -> None:
        _check(self, eps=self.eps)
        _check_decay("RMSprop.alpha", self.alpha)
        _check_decay("RMSprop.momentum", self.momentum)

    def build(self, parameters: Iterable[nn.Parameter]) -> TorchOptimizer:
        import torch

        params = list(parameters)
        return light(torch.optim.RMSprop)(
            params,
            lr=_rate(params, self.lr),
            alpha=self.alpha,
            eps=self.eps,
            momentum=self.momentum,
            foreach=True,
            capturable=bool(params) and params[0].device.type == "cuda",
        )

    def settings(self, round_: int) -> dict[str, Any]:
        """Rate and decay of a round."""
        return {"lr": self.lr * self.lr_factor(round_), "alpha": self.alpha}


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, with optional momentum."""

    lr: float = 1e-2
    """learning rate"""
    momentum: float = 0.0
    """0 for none"""
    lr_factor: Schedule = Constant(1.0)
    """schedule of a factor of the learning rate"""

    def __post_init__(self) -> None:
        _check(self)
        _check_decay("SGD.momentum", self.momentum)

    def build(self, parameters: Iterable[nn.Parameter]) -> TorchOptimizer:
        import torch

        params = list(parameters)
        return light(torch.optim.SGD)(
            params, lr=_rate(params, self.lr), momentum=self.momentum, fused=_has_fused(params)
        )

    def settings(self, round_: int) -> dict[str, Any]:
        """Rate of a round."""
        return {"lr": self.lr * self.lr_factor(round_)}


if TYPE_CHECKING:
    Optimizer: TypeAlias = OptimizerLike
else:
    Optimizer = Adam | AdamW | RMSprop | SGD
