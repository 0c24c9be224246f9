"""Constants are made once for each device and dtype, and serve in any mode of torch afterwards."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from steadygan import device_constants
from steadygan.device_constants import constant


@pytest.fixture(autouse=True)
def _none_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_constants, "_made", {})


def test_a_constant_is_made_once_for_each_dtype_and_values() -> None:
    like = torch.zeros(3, dtype=torch.float64)
    made = constant(((1.0, 2.0), (3.0, 4.0)), like)
    assert made.dtype == torch.float64 and made.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert constant(((1.0, 2.0), (3.0, 4.0)), like) is made
    assert constant(((1.0, 2.0), (3.0, 4.0)), like.float()).dtype == torch.float32
    assert constant((1.0, 2.0), like).tolist() == [1.0, 2.0]


def test_one_made_in_inference_mode_takes_part_in_gradients() -> None:
    with torch.inference_mode():
        constant((2.0, 3.0), torch.zeros(()))
    x = torch.ones(2, requires_grad=True)
    (constant((2.0, 3.0), x) * x.square()).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [4.0, 6.0]


def test_one_of_a_tracing_mode_is_not_kept() -> None:
    with FakeTensorMode():
        constant((5.0,), torch.zeros(()))
    assert constant((5.0,), torch.zeros(())).item() == 5.0


@pytest.mark.parametrize("made", [False, True])
def test_a_compiled_function_has_its_value(made: bool) -> None:
    if made:
        constant((7.0,), torch.zeros(()))
    compiled = torch.compile(lambda x: constant((7.0,), x) * x, backend="aot_eager", fullgraph=True)
    assert compiled(torch.full((1,), 2.0)).item() == 14.0
