"""What may stand in a recipe's fields: anything else is one line when the recipe is made, or before it is trained."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

import steadygan as sg
from steadygan import losses, penalties
from steadygan.errors import UsageError
from steadygan.objectives import Adversarial
from steadygan.optimizers import SGD, Adam
from steadygan.penalties import R1, GradientPenalty, OnReal
from steadygan.recipe import Recipe, dumps
from steadygan.schedules import LinearDecay
from tests.training.games import image_data, small_recipe

SMALL = small_recipe()


@dataclass(frozen=True)
class Own:
    """A penalty of someone's own."""

    weight: float = 1.0
    every: int = 1
    player: ClassVar[str] = "critic"
    at: ClassVar[Any] = OnReal()

    def hold(self, norm: torch.Tensor) -> torch.Tensor:
        return norm.square()


class OfNobody(Own):
    """One for a player that there is not."""

    player = "discriminator"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("objective", losses.Hinge()),
        ("objective", Adversarial),
        ("objective", "hinge"),
        ("average", 0.999),
        ("prior", 128),
        ("generator_optimizer", 1e-4),
        ("critic_optimizer", torch.optim.Adam),
        ("data", "digits"),
        ("perturbation", "diff-augment"),
        ("plateau", 5),
        ("constraint", 0.01),
        ("balance", "loss-ratio"),
        ("run", {"precision": "fp32"}),
        ("representation", "plain"),
        ("penalties", (penalties.r1_penalty,)),
        ("penalties", ("R1",)),
        ("penalties", (R1,)),
        ("penalties", R1(5.0)),
        ("penalties", None),
        ("penalties", (OfNobody(),)),
        ("name", 5),
        ("critic_steps", "five"),
    ],
)
def test_a_field_takes_parts_of_its_kind_alone(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match=field) as error:
        dataclasses.replace(SMALL, **{field: value})
    assert "\n" not in str(error.value)


def test_a_part_of_ones_own_is_known_by_its_methods() -> None:
    assert dataclasses.replace(SMALL, penalties=[Own()]).penalties == (Own(),)


@pytest.mark.parametrize(
    "make",
    [
        lambda: R1("5"),
        lambda: R1(None),
        lambda: Adam(betas=0.5),
        lambda: Adam(betas=(0.5,)),
        lambda: Adam(lr_factor="half"),
        lambda: GradientPenalty(one_sided="no"),
        lambda: GradientPenalty(at=penalties.between),
        lambda: Adversarial(losses.Hinge),
        lambda: Adversarial("hinge"),
    ],
)
def test_parts_refuse_values_of_another_type_in_one_line(make: Any) -> None:
    with pytest.raises(UsageError) as error:
        make()
    assert "\n" not in str(error.value)


def test_numbers_of_numpy_are_pythons(tmp_path) -> None:  # type: ignore[no-untyped-def]
    changes: dict[str, Any] = {
        "seed": np.int64(3),
        "batch": np.int64(16),
        "rounds": np.int64(3),
        "critic_steps": np.int64(2),
        "penalties": (R1(np.float32(0.5)), GradientPenalty(LinearDecay(100, start=np.float64(5.0)))),
        "critic_optimizer": Adam(lr=np.float32(1e-3)),
        "generator_optimizer": SGD(np.float64(1e-3), lr_factor=np.float32(0.5)),
    }
    made = dataclasses.replace(SMALL, **changes)
    plain = {name: value.item() for name, value in changes.items() if hasattr(value, "item")}
    assert all(type(getattr(made, name)) is type(value) for name, value in plain.items() if name != "critic_steps")
    assert dumps(made) == dumps(dataclasses.replace(made))
    run = sg.train(made, data=image_data(), out=tmp_path / "run", device="cpu", observers=[])
    assert run.rounds_done == 3 and run.sample(2, seed=np.int64(1)).shape == (2, 1, 8, 8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"run": dataclasses.replace(SMALL.run, on_trouble="rolback")}, "run.on_trouble: got 'rolback'"),
        ({"critic_optimizer": Adam(lr_factor=lambda round_: 1.0)}, "critic_optimizer.lr_factor"),
    ],
)
def test_what_could_not_be_read_back_is_not_trained(tmp_path, changes: dict[str, Any], words: str) -> None:  # type: ignore[no-untyped-def]
    made: Recipe = dataclasses.replace(SMALL, **changes)
    with pytest.raises(UsageError, match=words):
        sg.train(made, data=image_data(), out=tmp_path / "run", device="cpu", observers=[])
    assert not (tmp_path / "run").exists()


def test_functions_refuse_tensors_in_the_place_of_numbers() -> None:
    scores, samples, critic = torch.randn(4, 1), torch.rand(4, 3), torch.nn.Linear(3, 1)
    calls: list[Any] = [
        lambda: losses.least_squares_critic_loss(scores, scores, 0.0, torch.rand(4, 1)),
        lambda: losses.least_squares_generator_loss(scores, generator_target=torch.rand(4)),
        lambda: losses.non_saturating_critic_loss(scores, scores, torch.rand(4)),
        lambda: losses.non_saturating_critic_loss(scores, scores, 9.0),
        lambda: losses.saturating_critic_loss(scores, scores, "x"),
        lambda: penalties.r1_penalty(critic, samples, samples),
        lambda: penalties.r2_penalty(critic, samples, "10"),
        lambda: penalties.r1_penalty(critic, samples, float("nan")),
        lambda: penalties.drift_penalty(scores, torch.rand(4)),
        lambda: penalties.gradient_penalty(critic, samples, samples, target=torch.rand(4, 1)),
        lambda: penalties.gradient_penalty(critic, samples, samples, target="1"),
        lambda: penalties.gradient_penalty(critic, samples, samples, one_sided="no"),
        lambda: penalties.gradient_penalty(critic, samples, samples, at=penalties.Between),
        lambda: penalties.gradient_penalty(scores, samples, samples),
        lambda: penalties.path_lengths(samples, samples, None, samples),
        lambda: penalties.gradient_penalty(critic, samples, samples, at=penalties.NearReal()),
    ]
    for call in calls:
        with pytest.raises(UsageError, match="allowed"):
            call()
    assert losses.least_squares_critic_loss(scores, scores, 0.0, torch.tensor(0.9)).dim() == 0
