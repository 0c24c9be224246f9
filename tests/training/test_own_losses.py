"""Losses of the user's own, tried before training: what they give, what they need, and whether parts add up."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from steadygan import losses, objectives
from steadygan.errors import UsageError
from steadygan.recipes import RECIPES
from steadygan.training.validate.own_loss import check_own_losses
from steadygan.types import SampleSpec


@dataclass(frozen=True)
class Own:
    """The Wasserstein loss, of which a test replaces a part."""

    needs_real: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False
    has_labels: ClassVar[bool] = False

    def critic(self, real: Tensor, fake: Tensor, real_label: float = 1.0) -> Tensor:
        return fake.mean() - real.mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.mean()


def with_parts(**parts: Any) -> Any:
    return type("Own", (Own,), {"__module__": "theirs", **parts})()


DRAWN = torch.Generator().manual_seed(0)


def drawn() -> Tensor:
    return torch.rand((), generator=DRAWN)


def tried(loss: Any, micro_batch: int | None = None, processes: int = 1, wrapped: bool = False) -> None:
    objective: Any = objectives.Adversarial(loss)
    recipe = RECIPES["gan"](SampleSpec((2,)))
    objective = objectives.LeCam(objective) if wrapped else objective
    options = dataclasses.replace(recipe.run, micro_batch=micro_batch)
    check_own_losses(dataclasses.replace(recipe, objective=objective, run=options), processes)


def line_of(*arguments: Any, **options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        tried(*arguments, **options)
    return str(caught.value)


SUMS: dict[str, Callable[..., Any]] = {
    "spread": lambda self, real, fake, label=1.0: fake.mean() - real.mean() + real.var(),
    "centred": lambda self, real, fake, label=1.0: torch.relu(1 - (real - fake.mean())).mean(),
    "sum": lambda self, real, fake, label=1.0: (fake - real).sum(),
    "norm": lambda self, real, fake, label=1.0: (fake - real).norm(),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_loss_whose_parts_do_not_add_up_is_refused_where_batches_are_taken_in_parts(name: str) -> None:
    loss = with_parts(critic=SUMS[name])
    tried(loss)
    for options in ({"micro_batch": 8}, {"processes": 2}, {"micro_batch": 8, "wrapped": True}):
        line = line_of(loss, **options)
        assert line.startswith("Own.critic of a batch is not the mean") and "mixes_samples = True" in line
    tried(with_parts(critic=SUMS[name], mixes_samples=True), processes=2)
    assert "Own.generator of a batch" in line_of(
        with_parts(generator=lambda self, fake, real=None: -fake.sum()), micro_batch=8
    )


@pytest.mark.parametrize("kind", [kind for kind in losses.Loss.__args__ if not kind.mixes_samples])
def test_means_of_samples_are_taken_in_parts(kind: type) -> None:
    parts = {name: getattr(kind, name) for name in ("critic", "generator", "needs_real")}
    given = kind()
    named = {each.name: getattr(given, each.name) for each in dataclasses.fields(given)}
    tried(with_parts(**parts, **named), micro_batch=8)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"critic": lambda self, real, fake, label: fake - real}, "Own.critic gave a tensor [8] for scores [8]"),
        ({"critic": lambda self, real, fake, label: 0.5}, "Own.critic gave float"),
        ({"critic": lambda self, real, fake, label: real.detach().mean()}, "does not depend on the scores"),
        ({"critic": lambda self, real, fake: real.mean()}, "Own.critic failed on scores [8]: "),
        ({"generator": lambda self, fake, real=None: (-fake.mean(),)}, "Own.generator gave tuple"),
        ({"generator": lambda self, fake, real: (real - fake).mean()}, "needs real scores: set needs_real = True"),
        ({"generator": lambda self, fake, real=None: -fake.log().mean()}, "Own.generator gave nan for scores"),
        (
            {"generator": lambda self, fake, real=None: (fake + 0j).mean()},
            "gave a number of torch.complex64",
        ),
        ({"generator": lambda self, fake, real=None: fake.mul_(2).mean()}, "changes the scores in place"),
        ({"generator": lambda self, fake, real=None: fake.mean() * drawn()}, "gave two numbers for the same scores"),
        ({"generator": lambda self, fake, real=None: torch.ones((), requires_grad=True)}, "not depend on the scores"),
        ({"generator": lambda self, fake, real: real.mean(), "needs_real": True}, "does not depend on the scores"),
    ],
)
def test_what_a_loss_cannot_be_is_one_line_that_names_it(parts: dict[str, Any], expected: str) -> None:
    assert expected in line_of(with_parts(**parts))


def test_a_loss_for_other_numbers_of_scores_is_left_to_the_first_round() -> None:
    pairs = with_parts(critic=lambda self, real, fake, label: (fake - real).view(3, -1).mean())
    tried(pairs, micro_batch=8)
    wants = with_parts(needs_real=True, generator=lambda self, fake, real: (real - fake).mean())
    tried(wants)


@pytest.mark.parametrize("flag", ["needs_real", "mixes_samples", "has_labels"])
def test_what_a_loss_says_of_itself_is_true_or_false(flag: str) -> None:
    with pytest.raises(UsageError, match=f"Own.{flag} is 'no'; allowed: true, false"):
        objectives.Adversarial(with_parts(**{flag: "no"}))


def test_a_loss_that_lacks_a_part_is_told_which() -> None:
    class Few:
        needs_real = False

        def critic(self, real: Tensor, fake: Tensor) -> Tensor:
            return real.mean()

    with pytest.raises(UsageError, match=r"Few has no generator, mixes_samples, has_labels; a loss has critic, gen"):
        objectives.Adversarial(Few())  # type: ignore[arg-type]
