"""Running out of memory ends in one line that names a micro-batch that was tried."""

from __future__ import annotations

import dataclasses
import gc

import pytest
import torch

from steadygan.errors import RunError, UsageError
from steadygan.losses import RelativisticAverage
from steadygan.networks import MLPCritic
from steadygan.objectives import Adversarial
from steadygan.training.out_of_memory import explain, is_out_of_memory
from steadygan.training.session import new_run
from tests.training.games import image_data, small_recipe


@pytest.fixture(scope="module", autouse=True)
def _less_to_collect():
    gc.freeze()  # what other tests left, which each attempt looks through for garbage


class Hungry(torch.nn.Module):
    def __init__(self, critic, most):
        super().__init__()
        self.critic, self.most = critic, most

    def forward(self, samples, labels=None):
        if len(samples) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.critic(samples, labels)


@dataclasses.dataclass(frozen=True)
class HungryCritic:
    most: int

    def build(self, sample):
        return Hungry(MLPCritic(width=8, depth=1).build(sample), self.most)


@pytest.mark.parametrize(("most", "fits"), [(16, 8), (9, 4), (2, 1)])
def test_the_line_names_the_largest_halving_that_fits(tmp_path, most, fits):
    recipe = small_recipe(critic=HungryCritic(most), batch=16)  # a joined pass takes twice the samples
    with pytest.raises(RunError, match=rf"out of memory .* --run.micro-batch {fits} fits here") as error:
        new_run(recipe, image_data(), tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_nothing_fits():
    def attempt(recipe):
        raise torch.OutOfMemoryError("out of memory")

    assert "no micro-batch fits" in str(explain(small_recipe(), "here", attempt))


def test_an_objective_that_compares_samples_gets_other_advice():
    recipe = small_recipe(objective=Adversarial(RelativisticAverage()))
    assert "smaller --batch" in str(explain(recipe, "here", lambda recipe: None))


def test_only_memory_errors_count():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("out of memory"))


@pytest.mark.parametrize("recipe", [{"batch": 10**9}, {"batch": 8, "generator_batch": 10**10}])
def test_a_batch_larger_than_the_memory_is_refused_before_it_is_drawn(tmp_path, recipe):
    with pytest.raises(UsageError, match=r"a batch of 10?,000,000,000 is larger than the memory of this machine"):
        new_run(small_recipe(**recipe), image_data(), tmp_path / "run")
