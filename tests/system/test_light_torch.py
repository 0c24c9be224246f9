"""Torch without its compiler: the same steps, states and counts, and no import of ``torch._dynamo``."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from steadygan.optimizers import SGD, Adam, AdamW, RMSprop
from steadygan.system import light_torch
from steadygan.system.light_torch import light, without_compiler

KINDS = {
    "Adam": (torch.optim.Adam, {"betas": (0.5, 0.9), "fused": True}),
    "AdamW": (torch.optim.AdamW, {"weight_decay": 0.1}),
    "RMSprop": (torch.optim.RMSprop, {"momentum": 0.5, "foreach": True}),
    "SGD": (torch.optim.SGD, {"momentum": 0.5}),
}


def steps(kind, options, count=3):
    """The parameters after some steps, the second half of them by an optimizer that took over the state."""
    network = nn.Linear(3, 2, dtype=torch.float64)
    nn.init.ones_(network.weight)
    nn.init.zeros_(network.bias)
    optimizer = kind(network.parameters(), lr=0.1, **options)
    x = torch.arange(12.0, dtype=torch.float64).reshape(4, 3)
    for index in range(2 * count):
        if index == count:
            state = optimizer.state_dict()
            optimizer = kind(network.parameters(), lr=0.1, **options)
            optimizer.load_state_dict(state)
        optimizer.zero_grad()
        network(x).square().sum().backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in network.parameters()]


@pytest.mark.parametrize("compiler", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_a_light_optimizer_computes_what_torchs_does(name, compiler, monkeypatch):
    kind, options = KINDS[name]
    expected = steps(kind, options)
    monkeypatch.setattr(light_torch, "_compiler_is_there", lambda: compiler)
    got = steps(light(kind), options)
    assert all(torch.equal(one, other) for one, other in zip(got, expected, strict=True))


def test_hooks_of_a_light_optimizer_are_called_once_a_step():
    torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)  # torch hooks the class where it makes the first one
    optimizer = light(torch.optim.SGD)([nn.Parameter(torch.zeros(1))], lr=0.1)
    assert isinstance(optimizer, torch.optim.SGD) and type(optimizer).__name__ == "SGD"
    calls = []
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    optimizer.step()
    assert calls == ["before", "after"]


def test_a_copy_of_a_light_optimizer_is_torchs_with_its_state():
    optimizer = SGD(lr=0.5, momentum=0.9).build([parameter := nn.Parameter(torch.zeros(2))])
    parameter.grad = torch.ones(2)
    optimizer.step()
    for copied in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        assert type(copied) is torch.optim.SGD
        (kept,) = copied.state_dict()["state"].values()
        assert kept["momentum_buffer"].tolist() == [1.0, 1.0] and float(copied.param_groups[0]["lr"]) == 0.5


@pytest.mark.parametrize("spec", [Adam(), AdamW(), RMSprop(), SGD()])
def test_every_spec_builds_a_light_one(spec):
    kind = type(spec.build([nn.Parameter(torch.zeros(1))]))
    assert kind is light(kind.__base__)


def test_a_function_is_called_as_it_is_while_no_compiler_is_there(monkeypatch):
    monkeypatch.setattr(light_torch, "_compiler_is_there", lambda: False)

    def inner(value):
        return value + 1

    kept_out = torch._disable_dynamo(inner)
    with without_compiler(kept_out):
        assert getattr(inner, "__dynamo_disable") is inner
        assert kept_out(1) == 2
    assert not hasattr(inner, "__dynamo_disable")
    with without_compiler(len):  # torch's own may change
        pass


@pytest.mark.slow
def test_a_training_on_digits_needs_neither_the_compiler_nor_scikit_learn(tmp_path: Path) -> None:
    line = (
        "train wgan-gp --data digits --rounds 3 --run.checkpoint-every 1 --batch 4 --run.threads 1 --run.evaluate none"
    )
    code = f"""if True:
        import sys
        from steadygan.cli import main
        assert main("{line} --run.evaluate none --generator.width 4 --critic.width 4 --out run".split()) == 0
        assert main("resume run --rounds +1".split()) == 0
        print([name for name in ("torch._dynamo", "sympy", "sklearn") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=250)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
