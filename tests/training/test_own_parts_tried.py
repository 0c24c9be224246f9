"""Parts of the user's own, tried before training: what methods give, and whether they are pure; one line a fault."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from steadygan.errors import UsageError
from steadygan.penalties import GradientPenalty
from steadygan.system.light_torch import light
from steadygan.training.step.game import Game
from steadygan.training.validate import check_own_parts, check_own_parts_in
from steadygan.types import RandomSpec, SampleSpec
from tests.training.games import IMAGES, small_recipe


@dataclass(frozen=True)
class Prior:
    """Latents at two points, with noise."""

    size: int = 4

    def random_spec(self) -> RandomSpec:
        return RandomSpec("normal", (self.size,))

    def latents(self, noise: Tensor) -> Tensor:
        return noise.sign() + 0.1 * noise

    def nearest(self, latents: Tensor) -> Tensor:
        return latents


@dataclass(frozen=True)
class Perturbation:
    """Normal noise."""

    amount: float = 0.1

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        return (RandomSpec("normal", shape),)

    def strength(self, round_: int) -> float:
        return 1.0

    def initial_state(self) -> tuple[Tensor, ...]:
        return ()

    def apply(self, samples: Any, drawn: Any, strength: Tensor, state: Any = ()) -> Any:
        return samples + self.amount * strength * drawn[0]

    def next_state(self, real_scores: Tensor, state: Any, batch: int) -> Any:
        return state


@dataclass(frozen=True)
class Objective:
    """The Wasserstein loss, with a count of steps."""

    needs_real: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False
    real_is_high: ClassVar[bool] = True

    def initial_state(self) -> tuple[Tensor, ...]:
        return (torch.zeros(()),)

    def critic_loss(self, real: Any, fake: Any, state: Any) -> Tensor:
        loss: Tensor = fake.score.mean() - real.score.mean()
        return loss

    def generator_loss(self, real: Any, fake: Any, state: Any) -> Tensor:
        loss: Tensor = -fake.score.mean()
        return loss

    def next_state(self, real: Any, fake: Any, state: Any) -> tuple[Tensor, ...]:
        return (state[0] + 1,)


@dataclass(frozen=True)
class Penalty:
    """A penalty of the critic."""

    weight: float = 1.0
    at: ClassVar[Any] = GradientPenalty().at

    def hold(self, norm: Tensor) -> Tensor:
        return norm.square()


@dataclass(frozen=True)
class OfGenerator:
    """A penalty of the generator."""

    weight: float = 1.0
    player: ClassVar[str] = "generator"
    sees_batch: ClassVar[bool] = False

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        return None

    def initial_state(self) -> tuple[Tensor, ...]:
        return ()

    def measure(self, generator: Any, latents: Tensor, labels: Any, random: Any) -> Tensor:
        samples: Tensor = generator(latents)
        return samples.flatten(1).square().sum(1)

    def hold(self, measured: Tensor, state: Any) -> Tensor:
        return measured

    def next_state(self, measured: Tensor, state: Any) -> Any:
        return state


@dataclass(frozen=True)
class OfWeights:
    """A penalty of weights."""

    weight: float = 1.0
    player: str = "generator"

    def of_weights(self, network: torch.nn.Module) -> Tensor:
        return torch.stack([parameter.square().sum() for parameter in network.parameters()]).sum()


@dataclass(frozen=True)
class Middle:
    """The middle between real and fake samples."""

    shares_pass: ClassVar[str] = ""
    sees_batch: ClassVar[bool] = False
    needs_fake: ClassVar[bool] = True

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        return None

    def points(self, real: Any, fake: Any, random: Any) -> Any:
        return (real + fake) / 2


@dataclass(frozen=True)
class Optimizer:
    """SGD."""

    lr: float = 0.1

    def build(self, parameters: Any) -> Any:
        return light(torch.optim.SGD)(parameters, lr=self.lr)

    def settings(self, round_: int) -> dict[str, Any]:
        return {"lr": self.lr}


PARTS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Prior: lambda part: {"prior": part},
    Perturbation: lambda part: {"perturbation": part},
    Objective: lambda part: {"objective": part},
    Penalty: lambda part: {"penalties": (part,)},
    OfGenerator: lambda part: {"penalties": (part,)},
    OfWeights: lambda part: {"penalties": (part,)},
    Middle: lambda part: {"penalties": (GradientPenalty(at=part),)},
    Optimizer: lambda part: {"critic_optimizer": part},
}
"""the fields of a recipe that a part stands in"""


def tried(kind: type, **methods: Any) -> None:
    part = type(kind.__name__, (kind,), methods)()
    recipe = small_recipe(**PARTS[kind](part))
    check_own_parts(recipe, IMAGES)
    check_own_parts_in(Game.build(recipe, IMAGES))


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_that_keeps_its_contract_is_taken(kind: type) -> None:
    tried(kind)


def fails(*_: Any) -> None:
    raise ZeroDivisionError("division by zero")


NOISE = torch.Generator().manual_seed(0)


def noise_like(tensor: Tensor) -> Tensor:
    return torch.randn(tensor.shape, generator=NOISE)


WRONG: list[tuple[type, dict[str, Any], str]] = [
    (Prior, {"latents": lambda self, z: z[:1]}, r"Prior.latents gave a torch.float32 tensor \[1, 4\]; needed"),
    (Prior, {"latents": lambda self, z: z.numpy()}, r"Prior.latents gave a ndarray; needed"),
    (Prior, {"latents": lambda self, z: z / 0}, r"Prior.latents gave numbers that are not finite"),
    (Prior, {"latents": lambda self, z: noise_like(z)}, r"Prior.latents gave two results for the same input"),
    (Prior, {"latents": fails}, r"Prior.latents fails: ZeroDivisionError: division by zero"),
    (Prior, {"random_spec": lambda self: ("normal", (4,))}, r"Prior.random_spec gave \('normal', \(4,\)\); needed"),
    (Perturbation, {"random_specs": lambda self, s: RandomSpec("normal", s)}, r"random_specs gave .* needed: a tuple"),
    (Perturbation, {"strength": lambda self, r: None}, r"Perturbation.strength\(0\) is None; allowed"),
    (Perturbation, {"initial_state": lambda self: None}, r"Perturbation.initial_state gave None; needed: a tuple"),
    (
        Perturbation,
        {"apply": lambda self, x, z, s, t=(): x.flatten(1)},
        r"Perturbation.apply gave .*\[16, 64\]; needed",
    ),
    (Perturbation, {"apply": lambda self, x, z, s, t=(): x - x.mean(0)}, r"changed a sample by others of its batch"),
    (Perturbation, {"apply": lambda self, x, z, s, t=(): x + noise_like(x)}, r"gave two results for the same input"),
    (Perturbation, {"apply": lambda self, x, z, s, t=(): x.detach()}, r"without a gradient"),
    (Perturbation, {"apply": lambda self, x, z, s, t=(): x.add_(z[0])}, r"Perturbation.apply fails: .*in-place"),
    (Objective, {"needs_real": "no"}, r"Objective.needs_real is 'no'; allowed: true, false"),
    (Objective, {"needs": "features"}, r"Objective.needs is 'features'; allowed: a tuple of names of score"),
    (
        Objective,
        {"initial_state": lambda self: (0.0,)},
        r"Objective.initial_state gave \(0.0,\); needed: a tuple",
    ),
    (Objective, {"next_state": lambda self, r, f, s: None}, r"Objective.next_state gave None; needed"),
    (Objective, {"next_state": lambda self, r, f, s: ()}, r"Objective.next_state gave \(\); needed: a state of 1"),
    (Objective, {"critic_loss": lambda self, r, f, s: 1.0}, r"Objective.critic_loss gave 1.0; needed: a tensor"),
    (Objective, {"critic_loss": lambda self, r, f, s: r.score.detach().mean()}, r"does not depend on the scores"),
    (
        Objective,
        {"generator_loss": lambda self, r, f, s: f.score.mean() / 0},
        r"generator_loss gave .*inf, which",
    ),
    (Penalty, {"hold": lambda self, n: n.mean()}, r"Penalty.hold gave .*\[\]; needed: one value for each sample"),
    (Penalty, {"hold": lambda self, n: torch.ones_like(n)}, r"Penalty.hold gave what does not depend on the gradient"),
    (
        Penalty,
        {"hold": lambda self, n: n.square() * noise_like(n)},
        r"hold gave two results for the same input",
    ),
    (Penalty, {"hold": fails}, r"Penalty.hold fails: ZeroDivisionError"),
    (OfGenerator, {"initial_state": lambda self: (torch.zeros(3),)}, r"OfGenerator.initial_state gave .*0-d tensors"),
    (OfWeights, {"of_weights": lambda self, n: 0.0}, r"OfWeights.of_weights gave 0.0; needed: a tensor of one number"),
    (OfWeights, {"of_weights": lambda self, n: torch.zeros(())}, r"does not depend on the weights"),
    (Middle, {"points": lambda self, r, f, z: r[:1]}, r"Middle.points gave .*\[1, 1, 8, 8\]; needed: samples"),
    (Optimizer, {"build": lambda self, p: None}, r"Optimizer.build gave None; needed: a torch optimizer"),
    (
        Optimizer,
        {"settings": lambda self, r: {"rate": 1.0}},
        r"Optimizer.settings gave \{'rate': 1.0\}; needed",
    ),
    (Optimizer, {"settings": lambda self, r: {"lr": float("nan")}}, r"settings\(0\)\['lr'\] is nan; allowed"),
]


@pytest.mark.parametrize(("kind", "methods", "line"), WRONG)
def test_what_a_method_may_not_give_is_one_line_that_names_it(kind: type, methods: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line) as caught:
        tried(kind, **methods)
    assert "\n" not in str(caught.value)


def test_parameters_of_a_constraint_may_be_given_by_an_iterator() -> None:
    @dataclass(frozen=True)
    class Halved:
        when: str = "after"

        def targets(self, critic: torch.nn.Module) -> Any:
            return critic.parameters()

        def apply(self, targets: Any) -> None:
            for parameter in targets:
                parameter.data.mul_(0.5)

    game = Game.build(small_recipe(constraint=Halved()), SampleSpec((2,)))
    before = [parameter.clone() for parameter in game.critic.parameters()]
    for _ in range(2):
        game.recipe.constraint.apply(game.constrained)  # type: ignore[union-attr]
    assert all(torch.equal(now, 0.25 * old) for now, old in zip(game.critic.parameters(), before, strict=True))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"weight": -5.0}, "Penalty.weight is -5.0; allowed"),
        ({"every": 0}, "Penalty.every is 0; allowed: whole numbers from 1"),
        ({"at": "between"}, "Penalty.at is 'between'; allowed: Between"),
        ({"at": type("Half", (), {"points": 1})()}, "Penalty.at: Half has no shares_pass, sees_batch, random_spec"),
        ({"hold": None}, r"penalties\[0\]: Penalty has no hold; a penalty of the critic has weight, at, hold"),
    ],
)
def test_a_penalty_without_what_its_protocol_names_is_refused_with_the_recipe(
    changes: dict[str, Any], line: str
) -> None:
    parts = {name: getattr(Penalty, name) for name in ("weight", "at", "hold")} | changes
    made = type("Penalty", (), {name: part for name, part in parts.items() if part is not None})
    with pytest.raises(UsageError, match=line):
        small_recipe(penalties=(dataclass(frozen=True)(made)(),))


def test_a_constraint_is_applied_before_or_after_a_step_and_at_no_other_time() -> None:
    @dataclass(frozen=True)
    class During:
        when: str = "during"

        def targets(self, critic: Any) -> Any: ...
        def apply(self, targets: Any) -> None: ...

    with pytest.raises(UsageError, match=r"constraint.when is 'during'; allowed: after, before"):
        small_recipe(constraint=During())


def test_a_location_gives_the_batch_that_it_shares_a_pass_with() -> None:
    wrong: Any = type("Middle", (Middle,), {"shares_pass": "reals"})()
    with pytest.raises(UsageError, match=r"Middle.shares_pass is 'reals'; allowed: 'real', 'fake', ''"):
        GradientPenalty(at=wrong)
    assert dataclasses.replace(GradientPenalty(), at=Middle()).at == Middle()  # type: ignore[arg-type]
