"""Training inside of no_grad and inference_mode, and with critics whose usual kernels are differentiable once."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import steadygan as sg
from steadygan.evaluation import during_training
from steadygan.penalties import R1, R2, GradientPenalty


@pytest.fixture(autouse=True)
def _few_samples_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(during_training, "COUNT", 100)  # exact distances of 2,000 points take seconds


class AttentiveCritic(nn.Module):
    def __init__(self, sample: sg.SampleSpec) -> None:
        super().__init__()
        self.project, self.head = nn.Linear(1, 8), nn.Linear(8, 1)
        self.layer = nn.TransformerEncoderLayer(8, 2, 8, 0.0, batch_first=True)

    def forward(self, points: Tensor) -> Tensor:
        return self.head(self.layer(self.project(points[:, :, None])).mean(1))


def weights_after(folder: Path, **changes: Any) -> dict[str, Tensor]:
    recipe = dataclasses.replace(sg.recipes.wgan_gp(sg.SampleSpec((2,))), rounds=2, batch=8, **changes)
    recipe = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, engine="eager"))
    sg.train(recipe, data="8gaussians", out=folder, observers=[])
    return {
        f"{path.stem}.{name}": tensor
        for path in sorted(folder.rglob("*.safetensors"))
        for name, tensor in load_file(path).items()
    }


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_training_without_gradients_around_it_ends_with_the_same_weights(
    mode: Callable[[], contextlib.AbstractContextManager[Any]], tmp_path: Path
) -> None:
    right = weights_after(tmp_path / "plain")
    with mode():
        found = weights_after(tmp_path / "inside")
    assert right and found.keys() == right.keys()
    assert all(torch.equal(found[name], right[name]) for name in right)


@pytest.mark.parametrize("penalties", [(GradientPenalty(),), (R1(),), (R1(), R2())])
def test_a_critic_with_fused_attention_trains_under_every_penalty(penalties: tuple[Any, ...], tmp_path: Path) -> None:
    weights = weights_after(tmp_path / "run", critic=AttentiveCritic, penalties=penalties)
    assert weights and all(torch.isfinite(tensor).all() for tensor in weights.values() if tensor.is_floating_point())
