"""The monitor in a plain loop: a few lines, nothing changed, nothing read between looks, and signals by hand."""

from __future__ import annotations

import copy
import sys
import types

import pytest
import torch
from torch import nn

import steadygan as sg
from steadygan import losses
from steadygan.diagnostics import Monitor, read_log, signals
from steadygan.diagnostics.fields import FIELDS
from steadygan.diagnostics.schedule import Schedule
from steadygan.errors import UsageError

REAL = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
HELD_OUT = torch.randn(80, 2, generator=torch.Generator().manual_seed(2))
LATENTS = torch.randn(128, 4, generator=torch.Generator().manual_seed(3))


def networks():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
    critic = nn.Sequential(nn.utils.spectral_norm(nn.Linear(2, 8)), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(8, 1))
    return generator, critic


def train(monitored, rounds=12, looks=(2, 6, 12), **options):
    """A hinge GAN in a plain loop; the networks, the optimizers and the monitor."""
    generator, critic = networks()
    optimizers = [torch.optim.Adam(network.parameters(), 1e-3) for network in (generator, critic)]
    monitor = None
    if monitored:
        monitor = Monitor(
            generator, critic, latents=LATENTS, real=REAL, held_out=HELD_OUT, rounds=rounds, loss=losses.Hinge(),
            batch=32, looks=Schedule(looks, frozenset(looks[-1:])), **options,
        )  # fmt: skip
    for _ in range(rounds):
        fake = generator(torch.randn(32, 4))
        critic_loss = losses.hinge_critic_loss(critic(REAL[:32]), critic(fake.detach()))
        optimizers[1].zero_grad()
        critic_loss.backward()
        optimizers[1].step()
        generator_loss = losses.hinge_generator_loss(critic(generator(torch.randn(32, 4))))
        optimizers[0].zero_grad()
        generator_loss.backward()
        optimizers[0].step()
        if monitor is not None:
            monitor.after_round(critic_loss=critic_loss, generator_loss=generator_loss)
    return generator, critic, optimizers, monitor


def test_a_loop_with_a_monitor_is_the_loop_without_to_the_last_bit():
    ends = []
    for monitored in (False, True):
        generator, critic, optimizers, _ = train(monitored)
        tensors = [*generator.state_dict().values(), *critic.state_dict().values()]
        tensors += [p.grad for p in (*generator.parameters(), *critic.parameters())]
        tensors += [value for each in optimizers for state in each.state.values() for value in state.values()]
        modes = [part.training for part in (*generator.modules(), *critic.modules())]
        ends.append(([t.clone() for t in tensors], modes, torch.get_rng_state()))
    assert all(torch.equal(a, b) for a, b in zip(ends[0][0], ends[1][0], strict=True))
    assert ends[0][1] == ends[1][1] and torch.equal(ends[0][2], ends[1][2])


def test_rows_hold_what_applies_and_are_in_the_log(tmp_path):
    *_, monitor = train(True, log=tmp_path / "signals.jsonl")
    assert [row["round"] for row in monitor.rows] == [2, 6, 12] and monitor.left_out == {}
    assert read_log(tmp_path / "signals.jsonl") == tuple(monitor.rows)
    last = monitor.rows[-1]
    assert set(last) <= set(FIELDS)
    assert {"critic_loss", "generator_loss", "critic_gradient", "generator_update", "r_t", "derivative"} <= set(last)
    assert {"distance_ratio", "copy_ratio", "sigma_high", "response", "move", "directness", "gap_held_out"} <= set(last)
    assert "saturated" not in last and "wasserstein" not in last and "data_constant" in monitor.rows[0]
    assert last["rounds"] == 12 and last["seen"] == 12 * 32 and last["training_samples"] == 300


def test_values_are_those_of_the_signals_by_hand():
    generator, critic = networks()
    generator, critic = generator.eval(), critic.eval()
    monitor = Monitor(
        generator, critic, latents=LATENTS, real=REAL, held_out=HELD_OUT, rounds=9, looks=Schedule((1,), frozenset({1}))
    )
    row = monitor.after_round()
    subject = monitor._looker.subject
    real = subject.real(1, 80).samples
    assert len(real) == len(torch.unique(real, dim=0)) == 80
    with torch.no_grad():
        fake = generator(subject.latents(1, 80))
        scores = critic(real), critic(fake)
    assert row["distance_ratio"] == pytest.approx(signals.diversity(fake, subject.held_out.samples).distance_ratio)
    scored = [each[:64] for each in scores]  # one whole batch
    assert row["accuracy"] == signals.separation(*scored).accuracy
    assert row["slope_fake"] == pytest.approx(signals.slopes_at(critic, fake[:64]).mean, rel=1e-5)


class _Unread:
    """A loss that must not be read."""

    def __getattribute__(self, name):
        raise AssertionError("it was read")


def test_between_looks_nothing_is_read_and_nothing_is_run():
    generator, critic = networks()
    monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=100, looks=Schedule((50,)))
    for network in (generator, critic):
        network.register_forward_pre_hook(lambda *_: pytest.fail("a network was run"))
    for _ in range(49):
        assert monitor.after_round(critic_loss=_Unread(), generator_loss=_Unread()) is None
    assert monitor.round == 49 and monitor.rows == []


def test_without_a_length_looks_come_at_growing_intervals():
    generator, critic = networks()
    monitor = Monitor(generator, critic, latents=lambda n: torch.randn(n, 4), real=lambda n: torch.randn(n, 2))
    state = torch.get_rng_state()
    rounds = [monitor.round for _ in range(60) if monitor.after_round() is not None]
    assert rounds[:4] == [16, 20, 25, 31] and torch.equal(state, torch.get_rng_state())
    assert "copy_ratio" not in monitor.rows[-1] and "gap_held_out" not in monitor.rows[-1]
    assert "gap" in monitor.rows[-1] and "rounds" not in monitor.rows[-1]


def test_networks_that_take_labels_get_them():
    class Conditional(nn.Module):
        def __init__(self, size, out):
            super().__init__()
            self.body, self.table = nn.Linear(size, out), nn.Embedding(3, out)

        def forward(self, x, labels):
            return self.body(x) + self.table(labels)

    labels = torch.arange(300) % 3
    monitor = Monitor(
        Conditional(4, 2), Conditional(2, 1), latents=LATENTS, real=REAL, labels=labels, held_out=HELD_OUT,
        held_out_labels=labels[:80], rounds=5, looks=Schedule((1,), frozenset({1})),
    )  # fmt: skip
    row = monitor.after_round()
    assert monitor.left_out == {} and {"classes", "class_entropy_ratio", "gap_held_out"} <= set(row)


def test_a_loop_that_goes_on_cuts_its_log_back_and_another_one_is_refused(tmp_path):
    path = tmp_path / "signals.jsonl"
    *_, monitor = train(True, log=path)
    generator, critic = networks()
    with pytest.raises(UsageError, match="another training up to round 12"):
        Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=12, log=path)
    again = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=12, log=path, start=7, looks=Schedule((8,)))
    assert again.rows == monitor.rows[:2] and again.round == 7
    assert again.after_round() is not None
    assert [row["round"] for row in read_log(path)] == [2, 6, 8]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"real": REAL.numpy()}, "real is ndarray; allowed: a tensor"),
        ({"real": REAL[:3]}, "real has shape \\[3, 2\\]"),
        ({"latents": torch.zeros(64)}, "latents has shape \\[64\\]"),
        ({"held_out": HELD_OUT.numpy()}, "held_out is ndarray"),
        ({"labels": torch.zeros(5)}, "labels has shape \\[5\\]"),
        ({"real": torch.randn(100, 5)}, "the generator gave \\[.*\\]; needed: samples like the real ones"),
        ({"latents": lambda n: torch.randn(3, 4)}, "a function that draws 64"),
        ({"rounds": 0}, "rounds is 0"),
    ],
)
def test_what_does_not_fit_is_said_at_the_beginning_in_one_line(changes, words):
    generator, critic = networks()
    options = {"latents": LATENTS, "real": REAL, "rounds": 10, **changes}
    with pytest.raises(UsageError, match=words) as error:
        Monitor(generator, critic, **options)
    assert "\n" not in str(error.value)


def test_a_collapse_is_in_the_numbers():
    generator, critic = networks()
    with torch.no_grad():
        generator[4].weight.zero_()
    monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1,), frozenset({1})))
    row = monitor.after_round()
    assert row["distance_ratio"] < 1e-6 and row["duplicates"] == 1.0 and row["response"] < 1e-6


def test_values_that_are_not_finite_are_traced_by_name():
    generator, critic = networks()
    monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1,)))
    with torch.no_grad():
        critic[3].bias.fill_(torch.nan)
    assert monitor.after_round(critic_loss=float("nan"))["non_finite"] == "parameter critic.3.bias"


def test_it_asks_the_judge_for_a_diagnosis(monkeypatch):
    *_, monitor = train(True)
    judge = types.ModuleType("steadygan.diagnostics.judge")
    judge.judge = lambda rows: ("judged", len(rows))
    monkeypatch.setitem(sys.modules, "steadygan.diagnostics.judge", judge)
    assert monitor.diagnose() == ("judged", 3)


def test_it_is_a_public_name():
    assert sg.diagnostics.Monitor is Monitor and copy.copy(Monitor.__doc__)
