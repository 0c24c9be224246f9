"""The monitor in a plain loop: a few lines, nothing changed, nothing read between looks, and signals by hand."""

from __future__ import annotations

import copy
import errno
import itertools
import math
import os
import random
import re
import sys
import types
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import steadygan as sg
from steadygan import losses
from steadygan.diagnostics import Monitor, read_log, signals
from steadygan.diagnostics.fields import FIELDS
from steadygan.diagnostics.own_critic import again
from steadygan.diagnostics.schedule import Schedule
from steadygan.errors import UsageError
from steadygan.networks.layers.packing import PackedCritic
from steadygan.system.regular import append_regular
from steadygan.types import CriticOutput

REAL = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
HELD_OUT = torch.randn(80, 2, generator=torch.Generator().manual_seed(2))
LATENTS = torch.randn(128, 4, generator=torch.Generator().manual_seed(3))


def networks():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
    critic = nn.Sequential(nn.utils.spectral_norm(nn.Linear(2, 8)), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(8, 1))
    return generator, critic


def train(monitored, rounds=12, looks=(2, 6, 12), told=False, **options):
    """A hinge GAN in a plain loop; the networks, the optimizers and the monitor."""
    generator, critic = networks()
    optimizers = [torch.optim.Adam(network.parameters(), 1e-3) for network in (generator, critic)]
    monitor = None
    if told:
        options |= {
            "critic_optimizer": optimizers[1],
            "critic_objective": lambda d, x, g: losses.hinge_critic_loss(d(x), d(g)),
        }
    if monitored:
        monitor = Monitor(
            generator, critic, latents=LATENTS, real=REAL, held_out=HELD_OUT, rounds=rounds, loss=losses.Hinge(),
            batch=32, looks=Schedule(looks, frozenset(looks[-1:])), **options,
        )  # fmt: skip
    for _ in range(rounds):
        fake = generator(torch.randn(32, 4))
        scores = critic(REAL[:32]), critic(fake.detach())
        critic_loss = losses.hinge_critic_loss(*scores)
        optimizers[1].zero_grad()
        critic_loss.backward()
        optimizers[1].step()
        generator_loss = losses.hinge_generator_loss(critic(generator(torch.randn(32, 4))))
        optimizers[0].zero_grad()
        generator_loss.backward()
        optimizers[0].step()
        if told:
            monitor.after_critic_step(real_scores=scores[0], fake_scores=scores[1])
            monitor.after_generator_step(fake_scores=scores[1])
            monitor.after_round()
        elif monitor is not None:
            monitor.after_round(critic_loss=critic_loss, generator_loss=generator_loss)
    return generator, critic, optimizers, monitor


def test_a_loop_with_a_monitor_is_the_loop_without_to_the_last_bit():
    ends = []
    for monitored in (False, True, "told"):
        generator, critic, optimizers, monitor = train(monitored, told=monitored == "told")
        assert monitored != "told" or "rise" in monitor.rows[-1]
        tensors = [*generator.state_dict().values(), *critic.state_dict().values()]
        tensors += [p.grad for p in (*generator.parameters(), *critic.parameters())]
        tensors += [value for each in optimizers for state in each.state.values() for value in state.values()]
        modes = [part.training for part in (*generator.modules(), *critic.modules())]
        ends.append(([t.clone() for t in tensors], modes, torch.get_rng_state()))
    for end in ends[1:]:
        assert all(torch.equal(a, b) for a, b in zip(ends[0][0], end[0], strict=True))
        assert ends[0][1] == end[1] and torch.equal(ends[0][2], end[2])


def test_rows_hold_what_applies_and_are_in_the_log(tmp_path):
    *_, monitor = train(True, log=tmp_path / "signals.jsonl")
    assert [row["round"] for row in monitor.rows] == [2, 6, 12] and monitor.left_out == {}
    assert read_log(tmp_path / "signals.jsonl") == tuple(monitor.rows)
    last = monitor.rows[-1]
    assert set(last) <= set(FIELDS)
    assert {"critic_loss", "generator_loss", "generator_gradient", "generator_update", "r_t", "derivative"} <= set(last)
    assert "critic_gradient" not in last  # the generator's backward pass has added to it
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


OF_PYTHON = random.Random(0)


class Drawing:
    """Draws [N, width] by a generator of its own."""

    def __init__(self, width, seed=0):
        self.width, self.random = width, np.random.default_rng(seed)

    def __call__(self, count):
        return torch.from_numpy(self.random.standard_normal((count, self.width), np.float32))


def by_generator(width, seed=0):
    own = torch.Generator().manual_seed(seed)
    return lambda count: torch.randn(count, width, generator=own)


def of_python(width, seed=0):
    return lambda count: torch.tensor([[OF_PYTHON.gauss(0, 1) for _ in range(width)] for _ in range(count)])


def by_module(draw):
    return lambda width, seed=0: lambda count: torch.tensor([[draw() for _ in range(width)] for _ in range(count)])


OF_NUMPY = np.random.mtrand._rand  # whose methods are np.random.normal and the like


@pytest.mark.parametrize(
    "kind",
    [by_generator, Drawing, by_module(OF_NUMPY.standard_normal), by_module(lambda: random.gauss(0, 1)), of_python],
)
def test_random_numbers_of_functions_that_draw_are_followed_by_seeds_and_left_as_they_were(kind):
    generator, critic = networks()
    generator.eval()
    draws, others = (kind(4), kind(2, 1)), (kind(4), kind(2, 1))
    states = OF_NUMPY.get_state()[1].copy(), random.getstate(), OF_PYTHON.getstate()
    monitor = Monitor(generator, critic, latents=draws[0], real=draws[1], rounds=5, looks=Schedule((1, 2)))
    monitor.after_round()
    assert np.array_equal(OF_NUMPY.get_state()[1], states[0]) and random.getstate() == states[1]
    assert OF_PYTHON.getstate() == states[2]
    if kind in (by_generator, Drawing):  # a loop with a monitor draws what one without draws
        assert all(torch.equal(draw(20), other(20)) for draw, other in zip(draws, others, strict=True))
    assert monitor.after_round()["move"] == 0.0
    latents = monitor._looker.subject.latents
    assert torch.equal(latents(3, 8), latents(3, 8)) and not torch.equal(latents(3, 8), latents(4, 8))


def test_networks_that_draw_by_numpy_and_python_leave_their_random_numbers():
    class Noisy(nn.Linear):
        def forward(self, x):
            return super().forward(x) + random.gauss(0, 1) + float(OF_NUMPY.standard_normal())

    states = OF_NUMPY.get_state()[1:3], random.getstate()
    monitor = Monitor(Noisy(4, 2), Noisy(2, 1), latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1,), {1}))
    monitor.after_round()
    now = OF_NUMPY.get_state()[1:3]
    assert np.array_equal(now[0], states[0][0]) and now[1] == states[0][1] and random.getstate() == states[1]


def test_functions_that_cannot_be_seeded_are_drawn_once_with_a_warning():
    generator, critic = networks()
    generator.eval()
    calls = itertools.count()  # stands for random numbers that nobody finds
    draw = lambda width: lambda count: torch.randn(count, width) + next(calls)  # noqa: E731
    with pytest.warns(UserWarning, match="is a function whose draws do not follow the seed") as warned:
        monitor = Monitor(generator, critic, latents=draw(4), real=draw(2), rounds=5, looks=Schedule((1, 2), {2}))
    assert [str(each.message).partition(" is")[0] for each in warned] == ["latents", "real"]
    assert warned[0].filename == __file__
    before = next(calls)
    monitor.after_round()
    assert monitor.after_round()["move"] == 0.0 and not monitor.left_out
    assert next(calls) == before + 1  # drawn at the beginning alone
    subject = monitor._looker.subject
    assert len(torch.unique(subject.real(3, 200).samples, dim=0)) == 200 and subject.drawn


@pytest.mark.parametrize(
    ("loss", "warns"), [(losses.NonSaturating(), True), (losses.Wasserstein(), True), (None, False)]
)
def test_a_critic_that_ends_in_a_sigmoid_is_warned_of_beside_a_loss_of_raw_scores(loss, warns):
    generator, critic = networks()
    given = {"latents": torch.randn(32, 4), "real": torch.randn(64, 2), "loss": loss}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Monitor(generator, critic, **given)
        assert not caught
        Monitor(generator, nn.Sequential(critic, nn.Sigmoid()), **given)
    assert len(caught) == warns
    for warning in caught:
        assert "end in a sigmoid" in str(warning.message) and warning.filename == __file__


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


def test_a_log_that_cannot_be_written_ends_no_training_and_is_whole_afterwards(tmp_path, monkeypatch):
    path, calls = tmp_path / "signals.jsonl", []

    def append(log):
        calls.append(log)
        if len(calls) == 2:
            log.write_bytes(log.read_bytes() + b'{"round": 6, "to')
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return append_regular(log)

    monkeypatch.setattr("steadygan.diagnostics.monitor.append_regular", append)
    with pytest.warns(UserWarning, match=r"No space left on device.*; the training goes on"):
        *_, monitor = train(True, looks=(2, 6, 9, 12), log=path)
    assert len(calls) == 3 and "log" not in monitor.left_out
    assert read_log(path) == tuple(monitor.rows) and len(monitor.rows) == 4


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
        ({"latents": lambda n: torch.randn(3, 4)}, "a function that draws 16"),
        ({"rounds": 0}, "rounds is 0"),
    ],
)
def test_what_does_not_fit_is_said_at_the_beginning_in_one_line(changes, words):
    generator, critic = networks()
    options = {"latents": LATENTS, "real": REAL, "rounds": 10, **changes}
    with pytest.raises(UsageError, match=words) as error:
        Monitor(generator, critic, **options)
    assert "\n" not in str(error.value)


def linear(weight, **options):
    """A monitor of a linear critic clipped at .1, fakes at 0 and real samples around (3, -3); what one look finds."""
    generator, critic = nn.Linear(4, 2), nn.Linear(2, 1)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.zero_()
        critic.weight.copy_(torch.tensor([weight]))
        critic.bias.zero_()
    optimizer = torch.optim.RMSprop([{"params": critic.parameters(), "lr": 0.02}])
    options = {"critic_optimizer": optimizer, **options}
    monitor = Monitor(
        generator, critic, latents=LATENTS, real=REAL + torch.tensor([3.0, -3.0]), rounds=5, clip=0.1,
        critic_objective=lambda d, x, g: losses.wasserstein_critic_loss(d(x), d(g)),
        looks=Schedule((1,), frozenset({1})), **options,
    )  # fmt: skip
    before = copy.deepcopy((critic.state_dict(), optimizer.state_dict()))
    row = monitor.after_round()
    assert all(torch.equal(before[0][name], value) for name, value in critic.state_dict().items())
    assert optimizer.state_dict() == before[1] and monitor.left_out == {}
    return row


@pytest.mark.parametrize(
    ("weight", "rise"),
    [((0.1, -0.1), 0.0), ((0.0, 0.0), 1.0), ((0.05, -0.05), 0.5), ((-0.1, 0.1), 2.0)],
)
def test_optimality_is_that_of_a_copy_that_trains_on(weight, rise):
    # the best clipped linear critic has (.1, -.1); its gap is .1 times the distance of the means by coordinates
    assert linear(weight)["rise"] == pytest.approx(rise, abs=1e-5)


@pytest.mark.parametrize("held", [slice(None), slice(2, None)], ids=["all", "those of the last layer"])
def test_a_critic_that_is_frozen_after_its_steps_is_measured_as_before(held):
    rows = []
    for frozen in (False, True):
        generator, critic = networks()
        optimizer = torch.optim.SGD(list(critic.parameters())[held], 0.1)
        critic.requires_grad_(False)
        if not frozen:
            for parameter in optimizer.param_groups[0]["params"]:
                parameter.requires_grad_(True)
        before = [parameter.requires_grad for parameter in critic.parameters()]
        monitor = Monitor(
            generator, critic, latents=LATENTS, real=REAL, rounds=5, critic_optimizer=optimizer,
            critic_objective=lambda d, x, g: losses.hinge_critic_loss(d(x), d(g)),
            looks=Schedule((1,), frozenset({1})),
        )  # fmt: skip
        rows.append(monitor.after_round())
        assert monitor.left_out == {} and [parameter.requires_grad for parameter in critic.parameters()] == before
    assert rows[0] == rows[1] and {"rise", "sigma_high"} <= set(rows[0])
    assert ("depth_slope" in rows[0]) == (held == slice(None))  # of one layer there is none


def test_optimality_is_not_measured_without_being_told_how_the_critic_trains():
    *_, monitor = train(True)
    assert "rise" not in monitor.rows[-1]
    generator, critic = networks()
    optimizer = torch.optim.Adam(critic.parameters())
    for given, words in (
        ({"critic_optimizer": optimizer}, "critic_optimizer is given without critic_objective"),
        ({"critic_objective": lambda *_: None}, "critic_objective is given without critic_optimizer"),
        ({"critic_objective": lambda *_: None, "critic_optimizer": 0.1}, "critic_optimizer is float"),
        ({"critic_objective": lambda *_: 0.0, "critic_optimizer": optimizer}, "critic_objective gave float"),
        (
            {"critic_objective": lambda d, x, g: d(x), "critic_optimizer": optimizer},
            "critic_objective gave \\[64, 1\\]",
        ),
        (
            {"critic_objective": lambda d, x, g: d(x).mean(), "critic_optimizer": torch.optim.Adam([torch.zeros(1)])},
            "critic_optimizer has none of the critic's parameters",
        ),
    ):
        with pytest.raises(UsageError, match=words):
            Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=9, **given)


def test_the_optimizer_of_a_copy_has_the_settings_of_each_group():
    critic = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    groups = [{"params": critic[1].parameters(), "lr": 0.5}, {"params": critic[0].parameters(), "betas": (0.0, 0.7)}]
    other = copy.deepcopy(critic)
    made = again(torch.optim.AdamW(groups, lr=0.25, weight_decay=0.125), critic, other.parameters())
    assert type(made) is torch.optim.AdamW and not made.state
    first, second = made.param_groups
    assert first["params"][0] is other[1].weight and second["params"][1] is other[0].bias
    assert (first["lr"], second["lr"], second["betas"], first["weight_decay"]) == (0.5, 0.25, (0.0, 0.7), 0.125)


def test_steps_that_are_told_are_counted_and_losses_made_of_their_scores():
    generator, critic = networks()
    monitor = Monitor(
        generator, critic, latents=LATENTS, real=REAL, rounds=9, loss=losses.Hinge(), critic_steps=2, batch=32,
        looks=Schedule((2,)),
    )  # fmt: skip
    reals, fakes = torch.tensor([[0.5], [2.0]]), torch.tensor([[-3.0], [0.25]])
    for _ in range(5):
        monitor.after_critic_step(real_scores=_Unread(), fake_scores=_Unread())  # of a round without a look
    assert monitor.after_round() is None
    before = critic[3].bias.detach().clone()
    for step in range(3):
        with torch.no_grad():
            critic[3].bias += 0.5
        monitor.after_critic_step(real_scores=reals + step, fake_scores=fakes)
    monitor.after_generator_step(fake_scores=fakes)
    row = monitor.after_round()
    assert row["seen"] == (5 + 3) * 32
    # of the last step: mean(max(0, 1 - (2.5, 4))) + mean(max(0, 1 + (-3, .25))); the generator's is -mean(-3, .25)
    assert row["critic_loss"] == pytest.approx(0.625) and row["generator_loss"] == pytest.approx(1.375)
    weights = torch.cat([p.detach().flatten() for p in critic.parameters()])
    old = weights.norm().square() - critic[3].bias.square().sum() + before.square().sum()
    assert row["critic_update"] == pytest.approx((1.5 / old.sqrt() / 3).item(), rel=1e-5)


def test_what_is_told_after_the_round_comes_before_what_scores_tell():
    generator, critic = networks()
    monitor = Monitor(
        generator, critic, latents=LATENTS, real=REAL, rounds=9, loss=losses.Hinge(), looks=Schedule((1,))
    )
    monitor.after_critic_step(real_scores=torch.zeros(4), fake_scores=torch.zeros(4), loss=torch.tensor(7.0))
    monitor.after_generator_step(loss=3.0)
    row = monitor.after_round(generator_loss=5.0)
    assert (row["critic_loss"], row["generator_loss"]) == (7.0, 5.0)


class Pyramid(nn.Module):
    """Images of 4 and 8 px of a latent, as a list or tuple, from fine to coarse or the other way."""

    def __init__(self, container, fine_first, sizes=(4, 8)):
        super().__init__()
        self.container, self.fine_first, self.sizes = container, fine_first, sizes
        self.body = nn.Linear(4, 3 * 64)

    def forward(self, latents):
        fine = self.body(latents).tanh().view(-1, 3, 8, 8)
        images = [nn.functional.adaptive_avg_pool2d(fine, size) for size in self.sizes]
        return self.container(images[::-1] if self.fine_first else images)


class ScalesCritic(nn.Module):
    """Takes the scales in the order of its loop, and says which it was given."""

    def __init__(self, container, sizes):
        super().__init__()
        self.container, self.given = container, sizes
        self.layers = nn.ModuleList([nn.Linear(3 * size * size, 1) for size in sizes])

    def forward(self, images):
        assert type(images) is self.container and [image.shape[-1] for image in images] == list(self.given)
        return sum(layer(image.flatten(1)) for layer, image in zip(self.layers, images, strict=True))


@pytest.mark.parametrize("container", [list, tuple])
@pytest.mark.parametrize("fine_first", [False, True])
@pytest.mark.parametrize("alone", [True, False])
def test_scales_are_looked_at_in_the_order_of_the_loop(container, fine_first, alone):
    torch.manual_seed(0)
    sizes = (8, 4) if fine_first else (4, 8)
    generator, critic = Pyramid(container, fine_first), ScalesCritic(container, sizes)
    fine = torch.rand(100, 3, 8, 8) * 2 - 1
    real = fine if alone else container([nn.functional.adaptive_avg_pool2d(fine, size) for size in sizes])
    optimizer = torch.optim.Adam(critic.parameters())
    monitor = Monitor(
        generator, critic, latents=LATENTS, real=real, held_out=fine[:40], rounds=9, batch=16,
        looks=Schedule((1,), frozenset({1})), critic_optimizer=optimizer,
        critic_objective=lambda d, x, g: losses.wasserstein_critic_loss(d(x), d(g)),
    )  # fmt: skip
    row = monitor.after_round()
    assert monitor.left_out == {} and row["training_samples"] == 100
    assert row["colour_shift"] < 0.5 / 255  # of rounded colours
    assert {"rise", "copy_ratio", "slope_between", "lipschitz", "response", "data_duplicates"} <= set(row)
    subject = monitor._looker.subject
    points = subject.real(1, 16).samples
    weights = torch.cat([layer.weight.flatten() for layer in critic.layers])  # the norm is over all scales
    assert row["slope_real"] == pytest.approx(weights.norm().item(), rel=1e-5)
    assert [image.shape[-1] for image in points.images] == [4, 8]


@pytest.mark.parametrize(
    ("generator", "real", "words"),
    [
        (Pyramid(list, False), REAL, "real: got \\[.*\\]; needed: \\[N, 3, 8, 8\\]"),
        (Pyramid(list, False, (5, 8)), torch.rand(50, 3, 8, 8), "needed: sizes that divide it"),
        (Pyramid(list, False, (8, 8)), torch.rand(50, 3, 8, 8), "needed: one of each size"),
        (Pyramid(lambda images: {"images": images}, False), torch.rand(50, 3, 8, 8), "the generator gave dict"),
        (Pyramid(lambda images: [], False), torch.rand(50, 3, 8, 8), "the generator gave list"),
        (nn.Linear(4, 2), [REAL, REAL], "real: got list; needed: a tensor"),
    ],
)
def test_scales_that_do_not_fit_are_one_line(generator, real, words):
    with pytest.raises(UsageError, match=words) as error:
        Monitor(generator, ScalesCritic(list, (4, 8)), latents=LATENTS, real=real, rounds=9)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_loops_in_another_precision_have_every_signal(dtype):
    generator, critic = (network.to(dtype) for network in (nn.Linear(4, 2), nn.Linear(2, 1)))
    monitor = Monitor(
        generator, critic, latents=LATENTS.to(dtype), real=REAL.to(dtype), held_out=HELD_OUT.to(dtype), rounds=5,
        loss=losses.Hinge(), looks=Schedule((1,), frozenset({1})),
    )  # fmt: skip
    pointers = [parameter.data_ptr() for parameter in generator.parameters()]
    row = monitor.after_round()
    assert monitor.left_out == {} and {"accuracy", "gap_held_out", "r_t", "derivative", "dead_latents"} <= set(row)
    deviation = HELD_OUT.to(dtype).float().var(0).sum().sqrt()
    assert row["response"] == pytest.approx((generator.weight.float().norm() / deviation).item(), rel=1e-3)
    assert row["slope_fake"] == pytest.approx(critic.weight.float().norm().item(), rel=1e-2)
    assert [parameter.data_ptr() for parameter in generator.parameters()] == pointers
    assert generator.weight.dtype == dtype


def test_batch_norms_that_are_synchronised_wait_for_no_other_process(monkeypatch):
    rows, stored = [], []
    for kind in ("plain", "synchronised", "evaluating"):
        generator, critic = networks()
        generator.train(kind != "evaluating")
        if kind != "plain":
            generator = nn.SyncBatchNorm.convert_sync_batchnorm(generator)
            monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)  # a pass that waits fails on CPUs
        generator[1].running_mean += 0.5
        monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1,), frozenset({1})))
        rows.append(monitor.after_round())
        stored.append(generator.state_dict())
        assert monitor.left_out == {} and generator[1].training == (kind != "evaluating")
    assert {**rows[0], "response": 0} == {**rows[1], "response": 0}
    assert rows[1]["response"] == rows[2]["response"]  # by running statistics
    assert all(torch.equal(stored[0][name], stored[1][name]) for name in stored[0])


def test_a_look_inside_autocast_is_that_outside():
    rows = []
    for autocast in (False, True):
        generator, critic = networks()
        monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1,), frozenset({1})))
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            rows.append(monitor.after_round())
            assert torch.is_autocast_enabled("cpu") == autocast
    assert rows[0] == rows[1] and monitor.left_out == {} and "response" in rows[0]


class Failing(nn.Module):
    """Raises in a forward pass, once it is told to."""

    def __init__(self, error):
        super().__init__()
        self.error, self.fails = error, False

    def forward(self, x):
        if self.fails:
            raise self.error
        return x


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory.\nTried"), "CUDA out of memory."),
        (KeyError("w"), "KeyError: 'w'"),
        (AssertionError(), "AssertionError"),
        (NotImplementedError("no such kernel"), "no such kernel"),
    ],
)
@pytest.mark.parametrize("player", [0, 1], ids=["generator", "critic"])
def test_what_networks_raise_in_a_look_ends_no_training(player, error, said, tmp_path):
    pair = networks()
    optimizer = torch.optim.SGD(pair[1].parameters(), 0.1)
    pair[player].append(Failing(error))
    monitor = Monitor(
        *pair, latents=LATENTS, real=REAL, rounds=5, loss=losses.Hinge(), looks=Schedule((1, 2), frozenset({1, 2})),
        critic_optimizer=optimizer, critic_objective=lambda d, x, g: losses.hinge_critic_loss(d(x), d(g)),
        log=tmp_path / "signals.jsonl",
    )  # fmt: skip
    whole = monitor.after_round(critic_loss=0.5)
    modes, state = [part.training for part in pair[player].modules()], torch.get_rng_state()
    pair[player][-1].fails = True
    row = monitor.after_round(critic_loss=0.5)
    left = "samples" if player == 0 else "scores"
    known = {"depth_slope", "sigma_high"} if player == 0 else {"distance_ratio", "move", "response"}
    assert monitor.left_out[left] == monitor.left_out["rise"] == said
    assert known | {"critic_loss", "critic_update", "seen"} <= set(row)
    assert "gap" in whole and "gap" not in row and len(read_log(tmp_path / "signals.jsonl")) == 2
    assert [part.training for part in pair[player].modules()] == modes and torch.equal(torch.get_rng_state(), state)


def test_networks_that_change_leave_out_what_cannot_be_compared():
    generator, critic = networks()
    critic = nn.Sequential(critic, nn.Flatten())
    monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1, 2)))
    critic.append(nn.Linear(1, 1))
    row = monitor.after_round()
    assert "other parameters than before the step" in monitor.left_out["critic_update"]
    assert {"generator_update", "gap", "move_rate"} - set(row) == {"move_rate"} and "critic_update" not in row
    generator[4] = nn.Linear(8, 3)
    row = monitor.after_round()
    assert "the generator gave [" in monitor.left_out["samples"] and "critic_update" in row and "gap" not in row


def test_sparse_gradients_and_scores_of_no_form_end_no_training():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = nn.Embedding(3, 2, sparse=True), nn.Linear(2, 1)

        def forward(self, x):
            return self.head(x + self.table((x[:, 0] > 0).long()))

    generator, critic = networks()[0], Words()
    monitor = Monitor(
        generator, critic, latents=LATENTS, real=REAL, rounds=5, loss=losses.Hinge(), looks=Schedule((1,))
    )
    critic(REAL).sum().backward()
    monitor.after_critic_step(real_scores=torch.zeros(4), fake_scores="scores")
    row = monitor.after_round()
    assert row["critic_gradient"] > 0 and "critic_loss" not in row
    assert set(monitor.left_out) == {"critic_loss"} and "str" in monitor.left_out["critic_loss"]


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


def test_the_critics_gradient_is_that_of_its_step_before_the_generators_is_added():
    generator, critic = networks()
    monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1,)))
    norm = lambda network: math.sqrt(sum(p.grad.square().sum() for p in network.parameters()))  # noqa: E731
    losses.hinge_critic_loss(critic(REAL[:32]), critic(generator(LATENTS[:32]).detach())).backward()
    monitor.after_critic_step()
    own = norm(critic)
    losses.hinge_generator_loss(critic(generator(LATENTS[:32]))).backward()
    row = monitor.after_round()
    assert row["critic_gradient"] == pytest.approx(own, rel=1e-6) != pytest.approx(norm(critic), rel=1e-2)
    assert row["generator_gradient"] == pytest.approx(norm(generator), rel=1e-6)


def test_a_step_that_mixed_precision_left_out_is_no_divergence():
    """GradScaler leaves infinite gradients, and the weights as they were."""
    generator, critic = networks()
    monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1, 2)))
    for parameter in critic.parameters():
        parameter.grad = torch.full_like(parameter, torch.inf)
    monitor.after_critic_step(loss=0.5)
    row = monitor.after_round()
    assert "non_finite" not in row and "critic_gradient" not in row and "data_constant" in row
    assert row["critic_loss"] == 0.5


def test_copies_in_samples_that_are_drawn_are_no_fault_of_the_data():
    generator, critic = networks()
    few = REAL[:20]
    for real, said in ((lambda n: few[torch.randint(20, (n,))], False), (few.repeat(8, 1), True)):
        monitor = Monitor(generator, critic, latents=LATENTS, real=real, rounds=5, looks=Schedule((1,)))
        assert ("data_duplicates" in monitor.after_round()) == said


def test_it_asks_the_judge_for_a_diagnosis(monkeypatch):
    *_, monitor = train(True)
    judge = types.ModuleType("steadygan.diagnostics.judge")
    judge.judge = lambda rows: ("judged", len(rows))
    monkeypatch.setitem(sys.modules, "steadygan.diagnostics.judge", judge)
    assert monitor.diagnose() == ("judged", 3)


def test_it_is_a_public_name():
    assert sg.diagnostics.Monitor is Monitor and copy.copy(Monitor.__doc__)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": "hinge"}, "loss is 'hinge'; allowed: an object of losses"),
        ({"loss": losses.hinge_critic_loss}, "loss is hinge_critic_loss; allowed"),
        ({"loss": losses.Hinge}, "loss is the class Hinge; allowed"),
        ({"log": "no/such/folder/s.jsonl"}, "there is no folder no/such/folder"),
        ({"clip": -1.0}, "clip is -1.0"),
        ({"looks": [1, 5]}, "looks is list"),
        ({"latents": (LATENTS, LATENTS)}, "latents is a list"),
        ({"latents": LATENTS[:, :3]}, "the networks do not take what is given: RuntimeError"),
        ({"labels": [0] * 300}, "labels is list; needed: a tensor"),
        ({"real": REAL.double()}, "the networks do not take what is given"),
        ({"held_out": torch.rand(64, 3)}, "the networks do not take what is given"),
    ],
)
def test_what_would_fail_at_a_look_is_said_at_the_beginning(changes, words):
    given = {"latents": LATENTS, "real": REAL, "held_out": HELD_OUT, "rounds": 9, **changes}
    with pytest.raises(UsageError, match=re.escape(words)) as error:
        Monitor(*networks(), **given)
    assert "\n" not in str(error.value)


def test_a_loss_that_is_no_number_is_left_out_and_ends_no_training():
    monitor = Monitor(*networks(), latents=LATENTS, real=REAL, rounds=5, looks=Schedule((1,)))
    row = monitor.after_round(critic_loss=torch.zeros(4), generator_loss=0.25)
    assert "critic_loss" not in row and row["generator_loss"] == 0.25
    assert monitor.left_out["critic_loss"] == "Tensor [4] is no number"


def test_an_objective_of_another_critic_is_refused_and_leaves_no_gradient():
    generator, critic = networks()
    optimizer = torch.optim.Adam(critic.parameters(), 1e-3)
    with pytest.raises(UsageError, match="does not depend on the critic that it is given"):
        Monitor(
            generator, critic, latents=LATENTS, real=REAL, rounds=9, critic_optimizer=optimizer,
            critic_objective=lambda c, x, g: losses.hinge_critic_loss(critic(x), critic(g)),
        )  # fmt: skip
    assert all(parameter.grad is None for parameter in critic.parameters())


class LinearScore(nn.Linear):
    """A critic without layers but its score."""

    def forward(self, x):
        return CriticOutput(super().forward(x)[:, 0])


def test_a_critic_that_scores_packs_is_looked_at_by_packs():
    generator, _ = networks()
    critic = PackedCritic(LinearScore(6, 1), 3)
    monitor = Monitor(generator, critic, latents=LATENTS, real=REAL, held_out=HELD_OUT, looks=Schedule((1,)))
    row = monitor.after_round()
    assert not monitor.left_out
    steepest = critic.critic.weight.norm().item()
    assert row["slope_real"] == row["slope_fake"] == pytest.approx(steepest, rel=1e-5)
