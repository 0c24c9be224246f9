"""Networks of the user's own in whole runs, and what is refused before a run begins."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import steadygan as sg
from steadygan.errors import UsageError
from steadygan.networks import MLPCritic, MLPGenerator, Own
from steadygan.objectives import AuxiliaryClassifier
from steadygan.perturbations import InstanceNoise
from steadygan.run import Run
from steadygan.training.engines.select import verified
from steadygan.training.own_networks import check_own, with_labels_settled
from steadygan.training.session import new_run, resume_run
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.game import Game
from steadygan.training.validate import check_game
from tests.training.games import IMAGES, image_data, small_recipe, table, training_round
from tests.training.runs import Stop, Watcher, assert_same_end, weights

SIXTEEN = dataclasses.replace(small_recipe().run, checkpoint_every=4)


class Critic(nn.Module):
    """64 numbers to ``outputs``, and what its caller makes of them."""

    def __init__(self, answer=lambda s, x: s, outputs=1):
        super().__init__()
        self.body, self.head = nn.Linear(64, 16), nn.Linear(16, outputs)
        self.answer = answer

    def forward(self, x):
        return self.answer(self.head(torch.relu(self.body(x.flatten(1)))), x)


class Conditional(nn.Module):
    def __init__(self, sample):
        super().__init__()
        self.body, self.table = nn.Linear(64, 16), nn.Embedding(sample.classes, 16)
        nn.init.zeros_(self.table.weight)  # the labels show in gradients alone
        self.head = nn.Linear(16, 1)

    def forward(self, x, y):
        h = torch.relu(self.body(x.flatten(1)))
        return self.head(h) + (self.table(y) * h).sum(1, keepdim=True)


class ConditionalGenerator(nn.Module):
    def __init__(self, sample, latent):
        super().__init__()
        self.body, self.table, self.shape = nn.Linear(latent, 64), nn.Embedding(sample.classes, 64), sample.shape

    def forward(self, z, labels=None):
        return torch.tanh(self.body(z) + self.table(labels)).view(-1, *self.shape)


class Noisy(nn.Module):
    """Dropout, noise and batch norm: all that draws or counts in a forward; and a buffer of whole numbers."""

    def __init__(self, sample, latent):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(latent, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3))
        self.last, self.strength, self.shape = nn.Linear(16, 64), nn.Parameter(torch.ones(())), sample.shape
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, z):
        if self.training:
            self.calls += 1
        x = self.last(self.net(z))
        return torch.tanh(x + self.strength * torch.randn_like(x)).view(-1, *self.shape)


def tied(sample):
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.Linear(64, 1))
    net[3].weight = net[1].weight
    return net


def spectral(sample):
    norm = torch.nn.utils.parametrizations.spectral_norm
    return nn.Sequential(nn.Flatten(), norm(nn.Linear(64, 16)), nn.ReLU(), norm(nn.Linear(16, 1)))


FORMS = {
    "scores": {"critic": lambda sample: Critic(lambda s, x: s[:, 0])},
    "scales, each": {
        "critic": Own(lambda sample: Critic(lambda s, x: [s.view(-1, 1, 2, 2), s[:, :1]], 4), patches="each")
    },
    "map, mean": {"critic": lambda sample: Critic(lambda s, x: s.view(-1, 1, 2, 2), 4)},
    "score and features": {"critic": lambda sample: Critic(lambda s, x: (s, x.flatten(1)))},
    "class logits": {
        "critic": lambda sample: Critic(lambda s, x: {"score": s[:, 0], "class_logits": s[:, 1:]}, 11),
        "objective": AuxiliaryClassifier(),
    },
    "conditional both": {"critic": Conditional, "generator": ConditionalGenerator},
    "noise and dropout": {"generator": Noisy},
    "tied weights": {"critic": tied},
    "spectral norm": {"critic": spectral, "penalties": ()},
    "parts of a batch": {"critic": Critic, "run": dataclasses.replace(SIXTEEN, micro_batch=5)},
    "perturbed": {"critic": Critic, "perturbation": InstanceNoise()},
    "built already": {"critic": Critic()},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_stopped_run_goes_on_to_the_last_digit(tmp_path, form):
    recipe = small_recipe(**{"run": SIXTEEN, "rounds": 8, **FORMS[form]})
    recipe = with_labels_settled(recipe, IMAGES)
    assert new_run(recipe, image_data(), tmp_path / "whole", device="cpu") == "finished"
    with pytest.raises(KeyboardInterrupt):
        new_run(recipe, image_data(), tmp_path / "cut", device="cpu", observers=[Stop(4)])
    torch.rand(7)  # the state of torch's generator is none of the run's
    kinds = [FORMS[form][player] for player in ("critic", "generator") if player in FORMS[form]]
    kinds = [kind.network if isinstance(kind, Own) else kind for kind in kinds]
    again = Run(tmp_path / "cut", kinds=kinds).recipe
    assert resume_run(again, image_data(), tmp_path / "cut", device="cpu") == "finished"
    assert_same_end(tmp_path / "whole", tmp_path / "cut", 8)
    samples = Run(tmp_path / "whole", kinds=kinds).sample(5)
    assert samples.shape == (5, 1, 8, 8)
    assert np.array_equal(samples, Run(tmp_path / "cut", kinds=kinds).sample(5))
    assert np.array_equal(samples[:3], Run(tmp_path / "cut", kinds=kinds).sample(3)) or form == "noise and dropout"


def test_the_same_networks_written_by_hand_train_to_the_same_weights(tmp_path):
    class Plain(nn.Module):
        def __init__(self, sample):
            super().__init__()
            self.inner = MLPCritic(width=16, depth=1, activation="leaky_relu").build(sample)

        def forward(self, x):
            return self.inner(x).score[:, None]

    class PlainGenerator(nn.Module):
        def __init__(self, sample, latent):
            super().__init__()
            self.inner = MLPGenerator(width=16, depth=1).build(sample, latent)

        def forward(self, z):
            return self.inner(z)

    new_run(small_recipe(), image_data(), tmp_path / "ours", device="cpu")
    new_run(small_recipe(critic=Plain, generator=PlainGenerator), image_data(), tmp_path / "own", device="cpu")
    ours, own = weights(tmp_path / "ours", 12), weights(tmp_path / "own", 12)
    for name, tensor in ours.items():
        player, _, rest = name.partition(".")
        networks = player in ("critic", "generator", "average")
        assert torch.equal(own[f"{player}.network.inner.{rest}" if networks else name], tensor), name


def test_the_average_has_every_buffer_of_the_generator(tmp_path):
    new_run(small_recipe(generator=Noisy, rounds=3), image_data(), tmp_path / "run", device="cpu")
    saved = weights(tmp_path / "run", 3)
    assert saved["generator.network.calls"] == saved["average.network.calls"] > 0


class Centred(nn.Module):
    """Less a mean that follows its outputs, which a forward puts in the place of the one before."""

    def __init__(self, sample, latent):
        super().__init__()
        self.last, self.shape = nn.Linear(latent, 64), sample.shape
        self.register_buffer("mean", torch.zeros(64))
        self.register_buffer("largest", None)

    def forward(self, z):
        x = self.last(z)
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
            self.largest = x.detach().amax()
        return torch.tanh(x - self.mean).view(-1, *self.shape)


def test_the_average_has_a_buffer_that_a_forward_has_put_in_place_of_another():
    game, feed, drawer = table(small_recipe(generator=Centred), image_data())
    for round_ in range(3):
        training_round(game, feed, drawer.round(round_, round_ * 32), round_, 0)
        buffers = dict(game.generator.named_buffers())
        assert set(buffers) == {"network.mean", "network.largest"} and buffers["network.mean"].any()
        assert all(torch.equal(buffer, buffers[name]) for name, buffer in game.average.named_buffers())
        assert len(list(game.average.named_buffers())) == 2


class Halved(nn.Module):
    def __init__(self, sample, latent):
        super().__init__()
        self.last, self.shape = nn.Linear(latent, 64).bfloat16(), sample.shape

    def forward(self, z):
        return torch.tanh(self.last(z.bfloat16())).float().view(-1, *self.shape)


def test_weights_in_half_precision_are_warned_of_once():
    game, _, _ = table(small_recipe(generator=Halved), image_data())
    (line,) = check_own(game)
    assert "weights in bfloat16 (network.last.weight)" in line and "--run.precision bf16" in line


def test_the_run_just_returned_needs_no_kinds(tmp_path):
    recipe = dataclasses.replace(small_recipe(rounds=2), name="mine")
    run = sg.train(
        recipe, "digits", tmp_path / "run", observers=[], generator=ConditionalGenerator, critic=lambda s: Critic()
    )
    assert run.conditional
    assert run.sample(4, label=3).shape == (4, 1, 8, 8)
    assert run.critic(torch.zeros(2, 1, 8, 8)).score.shape == (2,)
    longer = sg.resume(run, more_rounds=1, observers=[])
    assert longer.rounds_done == 3
    unread = sg.load(tmp_path / "run")
    assert (unread.rounds_done, unread.conditional) == (3, True)
    with pytest.raises(UsageError, match=r"kinds=.ConditionalGenerator"):
        unread.sample(1)
    assert np.array_equal(sg.load(tmp_path / "run", kinds=[ConditionalGenerator]).sample(2), longer.sample(2))


def answers(function, outputs=1):
    return lambda sample: Critic(function, outputs)


REFUSED = {
    "shape": ({"critic": answers(lambda s, x: s, 10)}, r"critic .*shape \[16, 10\] for 16 samples"),
    "one number": ({"critic": answers(lambda s, x: s.mean())}, r"shape \[\] for 16"),
    "detached": ({"critic": answers(lambda s, x: s.detach())}, "no gradient reaches"),
    "constant": ({"critic": answers(lambda s, x: 0 * s)}, "do not depend on its samples"),
    "not finite": ({"critic": answers(lambda s, x: s / 0)}, "NaN or infinite"),
    "device": ({"critic": answers(lambda s, x: s.to("meta"))}, "answers on meta, but was asked on cpu"),
    "no parameters": ({"critic": lambda sample: nn.Flatten()}, "no parameters to train"),
    "numpy weights": ({"critic": lambda sample: drawn_by_numpy()}, "other weights each time"),
    "extra state": ({"critic": lambda sample: Extra()}, "a dict; checkpoints hold tensors"),
    "dtype of a buffer": ({"critic": lambda sample: Odd()}, "complex32.* checkpoints cannot hold"),
    "second derivative": (
        {"critic": lambda sample: OnceOnly()},
        "second derivative, as GradientPenalty .*differentiable",
    ),
    "second derivative that torch takes for 0": (
        {"critic": answers(lambda s, x: Cubed.apply(s))},
        "second derivative, as GradientPenalty .*: the backward of Cubed is marked as once_differentiable",
    ),
    "one number of samples": ({"critic": answers(lambda s, x: s.view(16))}, "takes 16 at once, but not 32"),
    "one number of latents": ({"generator": lambda sample, latent: Hard(latent)}, "takes 16 at once, but not 17"),
    "float64": ({"critic": lambda sample: Critic().double()}, "critic .* fails for samples"),
    "not differentiable": (
        {"critic": lambda sample: Critic(lambda s, x: s.detach().sign() * s.abs().detach())},
        "no gr",
    ),
    "generator's shape": ({"generator": lambda sample, latent: nn.Linear(latent, 3)}, r"returned \[\d+, 3\]"),
    "generator's latents": ({"generator": lambda sample, latent: Blind(sample)}, "do not depend on its latents"),
    "old weight norm": ({"generator": lambda sample, latent: old_norm(latent)}, "parametrizations"),
    "labels that the data lacks": (
        {"critic": lambda sample: Conditional(IMAGES)},
        "needs labels, but the data has none",
    ),
}


def drawn_by_numpy():
    critic = Critic()
    critic.head.weight.data = torch.from_numpy(np.random.default_rng().normal(size=(1, 16))).float()
    return critic


def old_norm(latent):
    layer = torch.nn.utils.weight_norm(nn.Linear(latent, 64))
    return nn.Sequential(layer, nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))


class Extra(Critic):
    def get_extra_state(self):
        return {"a": 1}

    def set_extra_state(self, state): ...


class Odd(Critic):
    def __init__(self):
        super().__init__()
        self.register_buffer("odd", torch.zeros(3, dtype=torch.complex32))


class Cubed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return 3 * ctx.saved_tensors[0] ** 2 * gradient


class OnceOnly(Critic):
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, gradient):
            return 2 * gradient

    def forward(self, x):
        return super().forward(self.Doubled.apply(x))


class Hard(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.layer = nn.Linear(latent, 64)

    def forward(self, z):
        return torch.tanh(self.layer(z)).view(16, 1, 8, 8)


class Blind(nn.Module):
    def __init__(self, sample):
        super().__init__()
        self.picture = nn.Parameter(torch.randn(1, *sample.shape))

    def forward(self, z):
        return torch.tanh(self.picture).repeat(len(z), 1, 1, 1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_trained_is_one_line_before_anything_is_written(tmp_path, what):
    changes, line = REFUSED[what]
    data = image_data(sample=sg.SampleSpec((1, 8, 8))) if "lacks" in what else image_data()
    with pytest.raises(UsageError, match=line) as error:
        new_run(small_recipe(**changes), data, tmp_path / "run", device="cpu")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_a_last_layer_that_begins_at_zero_is_no_fault():
    def critic(sample):
        made = Critic()
        nn.init.zeros_(made.head.weight)
        return made

    assert check_own(Game.build(small_recipe(critic=critic), IMAGES)) == ()


def warned(**changes):
    return check_game(Game.build(with_labels_settled(small_recipe(**changes), IMAGES), IMAGES))


def test_ranges_that_pictures_do_not_have_are_warned_of():
    def generator(last, factor=1.0):
        def build(sample, latent):
            linear = nn.Linear(latent, 64)
            with torch.no_grad():
                linear.weight *= factor
            return nn.Sequential(linear, last, nn.Unflatten(1, sample.shape))

        return build

    assert "not" not in str(warned(generator=generator(nn.Tanh())))
    assert any("end with tanh" in line for line in warned(generator=generator(nn.Sigmoid())))
    assert any("end with tanh" in line for line in warned(generator=generator(nn.Identity(), 50.0)))
    assert not any("tanh" in line for line in warned(generator=generator(nn.Tanh())))


@pytest.mark.parametrize(
    ("answer", "warns"),
    [
        (lambda s, x: torch.sigmoid(s), True),
        (lambda s, x: {"score": torch.sigmoid(s).squeeze(1), "features": x.flatten(1)}, True),
        (lambda s, x: s, False),
        (lambda s, x: s * torch.sigmoid(x.flatten(1)[:, :1]), False),
    ],
)
def test_a_critic_that_ends_in_a_sigmoid_is_warned_of(answer, warns):
    lines = [line for line in warned(critic=answers(answer)) if "raw scores" in line]
    assert len(lines) == warns
    assert all("critic" in line and "end in a sigmoid" in line and "leave it out" in line for line in lines)


def test_a_critic_that_mixes_samples_is_found_and_gets_passes_of_its_own():
    mixing = Game.build(small_recipe(critic=answers(lambda s, x: s - s.mean())), IMAGES)
    assert (mixing.critic.couples_batch, mixing.joins_passes) == (True, False)
    alone = Game.build(small_recipe(critic=Critic), IMAGES)
    assert (alone.critic.couples_batch, alone.joins_passes) == (False, True)
    assert any("depends on other samples" in line for line in check_game(mixing))
    in_fours = lambda s, x: (s.view(-1, 4) - s.view(-1, 4).mean(1, keepdim=True)).view(-1)  # noqa: E731
    grouped = Game.build(small_recipe(critic=answers(in_fours)), IMAGES)
    assert not grouped.joins_passes
    assert check_own(grouped) == ()


@pytest.mark.parametrize(
    ("critic", "uses"),
    [
        (Conditional, True),
        (lambda sample: Conditional(sample), True),
        (lambda sample: Critic(), False),
        (lambda sample: Ignores(), False),
    ],
)
def test_a_critic_that_uses_classes_beside_a_generator_that_knows_none_is_warned_of(critic, uses):
    alone, both = warned(critic=critic), warned(critic=critic, generator=ConditionalGenerator)
    assert any("not told which one" in line for line in alone) is uses
    assert not any("not told which one" in line for line in both)


class Ignores(Critic):
    def forward(self, x, labels=None):
        return super().forward(x)


def test_whether_labels_are_used_stands_in_the_recipe(tmp_path):
    new_run(
        small_recipe(critic=Ignores, generator=ConditionalGenerator, rounds=1),
        image_data(),
        tmp_path / "r",
        device="cpu",
    )
    recipe = Run(tmp_path / "r").recipe
    assert (recipe.critic.conditional, recipe.generator.conditional) == (False, True)


def test_a_module_that_was_built_is_told_of(tmp_path):
    watcher = Watcher()
    new_run(small_recipe(critic=Critic(), rounds=1), image_data(), tmp_path / "run", device="cpu", observers=[watcher])
    [start] = watcher.all("started")
    assert any("whatever the seed" in line for line in start.plan)
    assert "weights: " in (tmp_path / "run" / "recipe.yaml").read_text()


@pytest.mark.slow
def test_compiled_gradients_of_patches_agree_with_eager_ones():
    critic = Own(lambda sample: Critic(lambda s, x: [s.view(-1, 1, 2, 2), s[:, :1]], 4), patches="each")
    builder = SetupBuilder(small_recipe(critic=critic), image_data(), torch.device("cpu"))
    assert not isinstance(verified("compiled", builder), str)
