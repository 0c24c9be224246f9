"""What holds for every objective."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import get_args

import pytest
import torch

from steadygan import codec
from steadygan.losses import (
    Hinge,
)
from steadygan.objectives import Adversarial, AuxiliaryClassifier, EnergyBased, FeatureMatching, LeCam, Objective
from steadygan.recipe import Recipe, dumps, loads
from steadygan.schedules import LinearDecay
from steadygan.types import CriticOutput
from tests.objectives.outputs import pair

NESTED = LeCam(FeatureMatching(AuxiliaryClassifier(Adversarial(Hinge()), generator_weight=0.2), base_weight=1.0))


ALL = [kind() for kind in get_args(Objective)]


VARIANTS = [*ALL, NESTED, EnergyBased(margin_decay=LinearDecay(10), pulling_away=0.1)]


each = pytest.mark.parametrize("objective", VARIANTS, ids=lambda objective: type(objective).__name__)


def map_tensors(output, change):
    """A critic's output with its tensors changed."""
    return CriticOutput(*(None if field is None else change(field) for field in output))


@each
def test_an_objective_survives_yaml_and_its_own_expression(objective) -> None:
    recipe = Recipe(objective=objective)
    assert loads(dumps(recipe)) == recipe
    assert eval(repr(recipe), codec.all_kinds(Recipe)) == recipe


@each
def test_losses_are_scalars_and_pure(objective) -> None:
    real, fake = pair(positive=True)
    state = objective.initial_state()
    before = [number.clone() for number in state]
    for loss in (objective.critic_loss(real, fake, state), objective.generator_loss(real, fake, state)):
        assert loss.shape == () and torch.isfinite(loss)
    objective.next_state(real, fake, state)
    assert all(torch.equal(number, old) for number, old in zip(state, before, strict=True))


@each
def test_a_state_keeps_its_form_over_steps_and_fits_the_record(objective) -> None:
    real, fake = (
        map_tensors(output, lambda field: field.float() if field.is_floating_point() else field) for output in pair()
    )
    first = state = objective.initial_state()
    for _ in range(3):
        assert type(state) is type(first) and getattr(state, "_fields", ()) == getattr(first, "_fields", ())
        assert all(number.shape == () and number.dtype == torch.float32 for number in state)
        state = objective.next_state(real, fake, state)
    taken = {"critic_loss", "generator_loss", "real_score", "fake_score", "penalty", "round", "samples"}
    assert not taken & set(getattr(state, "_fields", ()))


@each
def test_the_order_of_samples_matters_to_no_objective(objective) -> None:
    real, fake = pair(positive=True)
    order = torch.randperm(6)
    mixed = [map_tensors(output, lambda field: field[order]) for output in (real, fake)]
    state = objective.initial_state()
    assert torch.allclose(objective.critic_loss(*mixed, state), objective.critic_loss(real, fake, state))
    assert torch.allclose(objective.generator_loss(*mixed, state), objective.generator_loss(real, fake, state))


@each
def test_the_generators_gradient_reaches_fakes_and_leaves_real_outputs_alone(objective) -> None:
    real, fake = pair(grad=True)
    objective.generator_loss(real, fake, objective.initial_state()).backward()
    used = [field for field in fake[:4] if field is not None and field.grad is not None]
    assert used and all(torch.isfinite(field.grad).all() for field in used)
    if not objective.needs_real:
        assert all(field.grad is None for field in real[:4])


def test_nested_objectives_add_their_terms() -> None:
    real, fake = pair()
    state = NESTED.initial_state()
    matching, classifier = NESTED.base, NESTED.base.base
    critic = classifier.critic_loss(real, fake, ())
    assert torch.allclose(dataclasses.replace(NESTED, weight=0.0).critic_loss(real, fake, state), critic)
    assert NESTED.critic_loss(real, fake, state) > critic
    generator = dataclasses.replace(matching, base_weight=0.0).generator_loss(real, fake, ())
    expected = generator + classifier.generator_loss(None, fake, ())
    assert torch.allclose(NESTED.generator_loss(real, fake, state), expected)


def test_importing_objectives_imports_no_torch() -> None:
    code = "import sys, steadygan.objectives as o; o.EnergyBased(), o.LeCam(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
