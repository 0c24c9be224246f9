"""Engines against the eager steps: gradients of every parameter, for every recipe."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
import torch
import torch._dynamo.utils
from torch.utils import _pytree as pytree

from benchmarks.laptop import on_a_laptop
from steadygan.errors import UsageError
from steadygan.losses import NonSaturating
from steadygan.networks import MLPAutoencoderCritic, MLPCritic, resnet101
from steadygan.objectives import Adversarial, BoundaryEquilibrium, LeCam
from steadygan.optimizers import SGD, Adam, RMSprop
from steadygan.perturbations import Adaptive, DiffAugment
from steadygan.recipe import RunOptions
from steadygan.recipes import RECIPES
from steadygan.system.files import read_json
from steadygan.training.engines import agreement, cuda_graph, select
from steadygan.training.engines.agreement import disagreement
from steadygan.training.engines.base import RECORDED, NotRecordable
from steadygan.training.engines.by_name import make
from steadygan.training.engines.compiled import Compiled, leave
from steadygan.training.engines.cuda_graph import CUDAGraph, Recording, check_recordable, restored
from steadygan.training.engines.eager import EAGER, Eager
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.engines.select import cache_path, has_compiler, select_engine
from steadygan.training.processes.world import ALONE, World
from steadygan.training.setup import SetupBuilder
from steadygan.training.speed import Speed
from steadygan.types import SampleSpec
from tests.training.games import critic_step, generator_step, image_data, small_recipe, table, training_round
from tests.training.worlds import TEXTS, image_recipes, made, played_on, sample_of, traced_errors


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.fixture(autouse=True)
def fewer_blocks(monkeypatch):
    """The 101 layers have one block a stage: each kind of block is traced, and none six times."""
    whole = resnet101._stages
    monkeypatch.setattr(resnet101, "_stages", lambda width, size: [(maps, 1) for maps, _ in whole(width, size)])


def trial(recipe, data=None):
    data = image_data() if data is None else data
    return SetupBuilder(recipe, data, torch.device("cpu"))


def small_trial(name):
    return trial(made(name, batch=8), image_data(200, sample_of(name)))


def errors(tried, engine):
    return disagreement(engine, tried.build, [tried.drawer.round(0, 0), tried.drawer.round(1, 0)])


@pytest.mark.parametrize("name", [*image_recipes(), *TEXTS, "lazy R1"])
def test_traced_losses_have_the_eager_gradients(name):
    found = traced_errors(small_trial(name))
    assert found
    assert max(found.values()) < 1e-9


@pytest.mark.parametrize("name", ["wgan-gp", "wgan-gp-cifar10", "photos"])
def test_traced_losses_of_colours_have_the_eager_gradients(name):
    """A layout that a tracer misjudges shows with the number of channels (docs/traps.md)."""
    sample = SampleSpec((3, 8, 8), classes=10)
    recipe = made(name)
    whole = RECIPES[name](sample)
    fitted = {player: getattr(on_a_laptop(whole, width=8), player) for player in ("generator", "critic")}
    found = traced_errors(trial(dataclasses.replace(recipe, **fitted), image_data(200, sample)))
    assert max(found.values()) < 1e-9


@pytest.mark.parametrize("name", ["wgan-gp", "began", "lecam", "sngan", "adaptive"])
def test_traced_steps_take_the_eager_way(name):
    """Rates, states and draws included: four rounds in float64."""
    data, recipe = image_data(200, sample_of(name)), made(name)
    (first, answers), (others, theirs) = (
        played_on(data, recipe, ALONE, 4, engine) for engine in (EAGER, Compiled("aot_eager"))
    )
    for one, other in zip([*first, *answers], [*others, *theirs], strict=True):
        torch.testing.assert_close(other, one, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ["wgan-gp", "sngan", "lecam", "began", "instance-noise"])
def test_nothing_is_compiled_again_after_the_first_round(name):
    tried, engine = small_trial(name), Compiled("aot_eager")
    torch._dynamo.utils.counters.clear()
    game, counts = tried.game(), []
    for round_ in (0, 1, 5_000):  # rates, weights and states that move
        training_round(game, tried.feed, tried.drawer.round(round_, 0), round_, 0, engine)
        counts.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    assert counts == [2, 2, 2]


class Louder(Eager):
    """A gradient of the generator is too large."""

    name = "compiled"

    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        if phase.player == "generator":
            setup.game.players["generator"].parameters[0].grad.mul_(1.5)
        return terms


class NoNumber(Eager):
    """A gradient that is not the first one is NaN."""

    name = "compiled"

    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        if phase.player == "generator":
            setup.game.players["generator"].parameters[-1].grad.fill_(torch.nan)
        return terms


class Stuck(Eager):
    """Each step sees the draws of the first, as a recording that is not fed."""

    name = "compiled"

    def __init__(self):
        self.first = None

    def carry_out(self, setup, phase, draws):
        if phase.player == "generator":
            self.first = draws = self.first or draws
        return super().carry_out(setup, phase, draws)


@pytest.mark.parametrize("wrong", [Louder, NoNumber, Stuck])
def test_an_engine_with_wrong_gradients_is_left_for_eager_with_the_reason(wrong, monkeypatch):
    recipe = small_recipe(run=RunOptions(precision="fp32", engine="compiled"))
    monkeypatch.setattr(select, "has_compiler", lambda: True)
    monkeypatch.setattr(select, "make", lambda name: wrong())
    chosen = select_engine(trial(recipe), Speed(1.0, 1.0))
    assert chosen.engine.name == "eager"
    assert "engine eager, not compiled: its gradient of generator." in chosen.note


class AtAKink(Eager):
    """As where a unit lies on the other side of 0: all of a gradient is a little off."""

    name = "compiled"

    def carry_out(self, setup, phase, draws):
        terms = super().carry_out(setup, phase, draws)
        for parameter in setup.game.players["generator"].parameters if phase.player == "generator" else ():
            parameter.grad.mul_(1.003)
        return terms


@pytest.mark.parametrize(("rounding", "name"), [(0.0005, "eager"), (0.001, "compiled"), (1.0, "compiled")])
def test_an_engine_may_be_off_by_a_few_times_what_rounding_does_to_eager_gradients(
    rounding, name, measured, monkeypatch
):
    monkeypatch.setattr(select, "make", lambda name: AtAKink())
    monkeypatch.setattr(select, "rounding", lambda *_: rounding)
    recipe = small_recipe(run=RunOptions(precision="fp32", engine="compiled"))
    assert select_engine(trial(recipe), Speed(1.0, 1.0)).engine.name == name


def test_rounding_never_excuses_what_is_clearly_wrong(measured, monkeypatch):
    monkeypatch.setattr(select, "make", lambda name: Louder())
    monkeypatch.setattr(select, "rounding", lambda *_: 1.0)
    recipe = small_recipe(run=RunOptions(precision="fp32", engine="compiled"))
    assert select_engine(trial(recipe), Speed(1.0, 1.0)).engine.name == "eager"


def test_what_rounding_does_is_seen_against_float64():
    tried = trial(small_recipe(run=RunOptions(precision="fp32")))
    rounds = [tried.drawer.round(0, 0)]
    exact = disagreement(EAGER, lambda: double_setup(tried.build()), in_double(rounds))
    assert max(exact.values()) == 0.0
    assert 0.0 < agreement.rounding(tried.build, rounds) < 1e-4


def test_gradients_that_are_zero_for_both_agree(monkeypatch):
    class Silent(Eager):
        name = "compiled"

        def carry_out(self, setup, phase, draws):
            terms = super().carry_out(setup, phase, draws)
            for parameter in setup.game.players["generator"].parameters if phase.player == "generator" else ():
                parameter.grad.zero_()
            return terms

    monkeypatch.setattr(agreement, "EAGER", Silent())
    found = errors(trial(small_recipe(run=RunOptions(precision="fp32"))), Silent())
    assert set(found.values()) == {0.0}


@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
@pytest.mark.parametrize("name", ["wgan-gp", "sngan"])
def test_compiled_losses_have_the_eager_gradients(name):
    tried, engine = small_trial(name), Compiled()
    found = errors(tried, engine)
    assert found
    assert max(found.values()) < 1e-4
    games = tried.game(), tried.game()
    for game, each in zip(games, (EAGER, engine), strict=True):
        training_round(game, tried.feed, tried.drawer.round(0, 0), 0, 0, each)
    for one, other in zip(*((*game.generator.buffers(), *game.critic.buffers()) for game in games), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)  # statistics, and vectors of spectral norms


def test_parts_of_a_batch_add_up_in_compiled_steps_too():
    tried = trial(made("micro-batches"))
    assert max(traced_errors(tried).values()) < 1e-9


def test_one_process_can_compile_for_any_number_of_recipes():
    for width in range(4, 4 + torch._dynamo.config.recompile_limit + 1):
        tried = trial(small_recipe(critic=MLPCritic(width=width), run=RunOptions(precision="fp32")))
        critic_step(tried.game(), tried.feed, tried.drawer.round(0, 0).critic[0], Compiled("eager"))


def test_parameters_with_one_gradient_do_not_share_it():
    parameters = [torch.nn.Parameter(torch.zeros(3)) for _ in range(2)]
    for part in (torch.ones(3), torch.ones(3)):  # of a batch
        leave(parameters, [part, part])
    assert [parameter.grad.tolist() for parameter in parameters] == [[2.0] * 3] * 2


def test_compiled_gradients_lie_as_their_parameters_do():
    """A fused optimizer walks both without looking."""
    tried, engine = small_trial("r3gan"), Compiled("aot_eager")
    game, draws = tried.game(), tried.drawer.round(0, 0)
    critic_step(game, tried.feed, draws.critic[0], engine)
    generator_step(game, tried.feed, draws.generator[0], engine)
    parameters = [*game.players["critic"].parameters, *game.players["generator"].parameters]
    assert any(not parameter.is_contiguous() for parameter in parameters)
    assert [parameter.grad.stride() for parameter in parameters] == [parameter.stride() for parameter in parameters]


class Quick(Eager):
    """Eager steps under another name."""

    name = "compiled"


def quick_trial(rounds=1_000):
    return trial(small_recipe(rounds=rounds, run=RunOptions(precision="fp32")))


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """What choosing looks at: which engines were made, and how fast they are to be."""
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path))
    seen = {"made": [], "speed": Speed(0.5, 0.5)}
    monkeypatch.setattr(select, "make", lambda name: seen["made"].append(name) or Quick())
    monkeypatch.setattr(select, "measure_speed", lambda *_, **__: seen["speed"])
    monkeypatch.setattr(select, "has_compiler", lambda: True)
    return seen


def test_auto_takes_what_is_faster_says_so_and_remembers_it(measured):
    tried = quick_trial()
    chosen = select_engine(tried, Speed(1.0, 1.0))
    assert (chosen.engine.name, chosen.speed) == ("compiled", Speed(0.5, 0.5))
    assert "engine compiled: compiled steps are 2.00 times as fast" in chosen.note
    assert read_json(cache_path(tried))["engine"] == "compiled"
    assert select_engine(tried, Speed(1.0, 1.0)).engine.name == "compiled"
    assert measured["made"] == ["compiled", "compiled"]  # its gradients are looked at again


def test_auto_stays_eager_where_nothing_is_faster_and_does_not_measure_again(measured):
    measured["speed"] = Speed(1.2, 1.2)
    chosen = select_engine(quick_trial(), Speed(1.0, 1.0))
    assert (chosen.engine.name, chosen.speed) == ("eager", Speed(1.0, 1.0))
    assert "engine eager: compiled steps are 0.83 times as fast" in chosen.note
    again = select_engine(quick_trial(2_000), Speed(1.0, 1.0))
    assert again.note.endswith("(measured before)")
    assert measured["made"] == ["compiled"]


def test_processes_decide_by_what_the_first_one_measured(measured):
    class Second(World):
        def agreed(self, value):
            return Speed(0.4, 0.4) if value == Speed(1.0, 1.0) else value  # eager steps of the first process

    tried = dataclasses.replace(quick_trial(5_000), world=Second())
    chosen = select_engine(tried, Speed(1.0, 1.0))
    assert (chosen.engine.name, chosen.speed) == ("eager", Speed(0.4, 0.4))
    assert "compiled steps are 0.80 times as fast" in chosen.note


def test_auto_tries_nothing_for_a_run_that_compiling_would_hold_up(measured):
    short = Speed(0.01, 0.01)
    assert select_engine(quick_trial(), short) == (EAGER, short, "")
    assert measured["made"] == []


def test_deeper_networks_take_longer_to_compile_and_so_longer_runs(measured):
    shallow = quick_trial()
    deep = trial(dataclasses.replace(shallow.recipe, critic=MLPCritic(width=4, depth=30)))
    assert [select.candidates(each, 700.0) for each in (shallow, deep)] == [("compiled",), ()]
    assert select.candidates(deep, 1_500.0) == ("compiled",)


def test_what_was_measured_is_kept_by_what_makes_steps_slower_or_faster():
    base = quick_trial()
    changed = {"batch": 48, "critic": MLPCritic(width=40), "seed": 3, "rounds": 7_000}
    kept = {
        name: cache_path(trial(dataclasses.replace(base.recipe, **{name: value}))) for name, value in changed.items()
    }
    assert kept["seed"] == kept["rounds"] == cache_path(base)
    assert len({kept["batch"], kept["critic"], cache_path(base)}) == 3


def test_an_engine_that_computes_wrong_gradients_is_seen_through():
    class Wrong(Eager):
        def carry_out(self, setup, phase, draws):
            terms = super().carry_out(setup, phase, draws)
            if phase.player == "critic":
                setup.game.players["critic"].parameters[2].grad.mul_(1.01)  # the loss is right
            return terms

    found = errors(trial(small_recipe()), Wrong())
    worst = max(found, key=found.get)
    assert worst.startswith("critic.")
    assert found[worst] > 5e-3
    assert sorted(found.values())[-2] == 0.0


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_steps_need_a_gpu(name):
    recipe = small_recipe()
    game, feed, drawer = table(recipe, image_data())
    with pytest.raises(UsageError, match=rf"engine '{name}' records steps on an NVIDIA GPU.*cpu"):
        critic_step(game, feed, drawer.round(0, 0).critic[0], make(name))


class OnTheHost(Recording):
    """A recording whose replay computes anew on the CPU: into the same buffers, as a CUDA graph does."""

    def __init__(self, gradients, game, phase, inputs, share):
        leaves, tree = pytree.tree_flatten(inputs)
        self.game, self.parameters = game, game.players[phase.player].parameters
        self.buffers = [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        static = pytree.tree_unflatten(self.buffers, tree)
        with restored(game):
            self._drop_gradients()
            self.terms = gradients(game, phase, *static, share)
            self.gradients = [(p, p.grad) for p in self.parameters if p.grad is not None]
        self.graph = SimpleNamespace(replay=lambda: self._compute(gradients, phase, static, share))

    def _compute(self, gradients, phase, static, share):
        left = [parameter.grad for parameter in self.parameters]
        self._drop_gradients()
        terms = gradients(self.game, phase, *static, share)
        with torch.no_grad():
            for parameter, buffer in self.gradients:
                buffer.copy_(parameter.grad)
        for old, new in zip(pytree.tree_leaves(self.terms), pytree.tree_leaves(terms), strict=True):
            old.copy_(new) if isinstance(old, torch.Tensor) else None
        for parameter, gradient in zip(self.parameters, left, strict=True):
            parameter.grad = gradient


@pytest.fixture
def recorded_on_the_host(monkeypatch):
    monkeypatch.setattr(cuda_graph, "Recording", OnTheHost)
    monkeypatch.setattr(cuda_graph, "check_recordable", lambda *_: None)


@pytest.mark.parametrize("name", ["began", "lecam", "adaptive", "sngan", "micro-batches", "r3gan", "dcgan", "lazy R1"])
def test_recordings_see_the_batches_draws_and_states_of_each_step(name, recorded_on_the_host):
    """All but the capture itself, on a CPU: rounds by replays end where eager ones do."""
    ends = []
    for engine in (EAGER, CUDAGraph()):
        tried = adaptive_trial() if name == "adaptive" else small_trial(name)
        game = tried.game()
        for round_ in range(3):
            training_round(game, tried.feed, tried.drawer.round(round_, 40 * round_), round_, 8 * round_, engine)
        buffers = [*game.critic.buffers(), *game.generator.buffers()]
        ends.append([*game.players["generator"].parameters, *game.players["critic"].parameters, *buffers])
        ends[-1] += pytree.tree_leaves(game.state)
    for one, other in zip(*ends, strict=True):
        assert torch.equal(one, other)


def adaptive_trial():
    return trial(
        small_recipe(
            objective=Adversarial(NonSaturating()),
            penalties=(),
            perturbation=Adaptive(DiffAugment(), initial=0.5, every=2),
        )
    )


def test_losses_that_sum_over_processes_cannot_be_recorded():
    game = SimpleNamespace(device=torch.device("cuda"), exchanges=True)
    with pytest.raises(NotRecordable, match="sums over the processes"):
        check_recordable(game)
    check_recordable(SimpleNamespace(device=torch.device("cuda"), exchanges=False))


def test_a_recipe_that_cannot_be_recorded_runs_eager_and_says_so(monkeypatch):
    class Refusing(Eager):
        name = "graph"

        def carry_out(self, setup, phase, draws):
            raise NotRecordable("the loss itself sums over the processes, which a recording cannot hold")

    monkeypatch.setattr(select, "make", lambda name: Refusing())
    chosen = select_engine(trial(small_recipe(run=RunOptions(precision="fp32", engine="graph"))), Speed(1.0, 1.0))
    assert chosen.engine.name == "eager"
    assert chosen.note.startswith("engine eager, not graph: the loss itself sums")


def on_a_gpu(name):
    return dataclasses.replace(small_trial(name), device=torch.device("cuda"))


QUICKLY_COMPILED = ("wgan-gp", "sngan")
ON_A_GPU = [("graph", name) for name in (*image_recipes(), *TEXTS)]
ON_A_GPU += [(engine, name) for engine in ("compiled", "compiled-graph") for name in QUICKLY_COMPILED]


@pytest.mark.gpu
@pytest.mark.parametrize(("engine", "name"), ON_A_GPU)
def test_engines_on_a_gpu_have_the_eager_gradients(engine, name):
    assert max(errors(on_a_gpu(name), make(engine)).values()) < 1e-3


OPTIMIZERS = [SGD(1e-3), SGD(1e-3, momentum=0.5), RMSprop(1e-4), Adam(1e-4, betas=(0.5, 0.9))]
PLAYED = [
    *({"generator_optimizer": each, "critic_optimizer": each} for each in OPTIMIZERS),
    {"objective": LeCam(Adversarial(NonSaturating())), "penalties": ()},
    {"objective": Adversarial(NonSaturating()), "penalties": (), "perturbation": Adaptive(DiffAugment(), every=2)},
    {"objective": BoundaryEquilibrium(), "critic": MLPAutoencoderCritic(width=8), "penalties": ()},
]


@pytest.mark.gpu
@pytest.mark.parametrize("changes", PLAYED, ids=str)
@pytest.mark.parametrize("engine", RECORDED)
def test_recorded_steps_follow_rates_states_and_draws(engine, changes):
    recipe = small_recipe(run=RunOptions(precision="fp32"), **changes)
    ends = []
    for by in (EAGER, make(engine)):
        tried = SetupBuilder(recipe, image_data(), torch.device("cuda"))
        game = tried.game()
        for round_ in range(4):
            training_round(game, tried.feed, tried.drawer.round(round_, 0), round_, 0, by)
        tensors = [
            *game.players["generator"].parameters,
            *game.players["critic"].parameters,
            *game.state.objective,
            *game.state.perturbation,
        ]
        ends.append(torch.cat([tensor.flatten() for tensor in tensors]))
    torch.testing.assert_close(*ends, rtol=1e-4, atol=1e-6)


def test_without_a_compiler_compiled_steps_are_left_at_once_with_the_reason(monkeypatch):
    monkeypatch.setattr(select, "has_compiler", lambda: False)
    monkeypatch.setattr(select, "disagreement", None)
    chosen = select_engine(trial(small_recipe(run=RunOptions(precision="fp32", engine="compiled"))), Speed(1.0, 1.0))
    assert chosen.engine.name == "eager"
    assert chosen.note == "engine eager, not compiled: there is no C++ compiler (g++ or clang++) here"


def test_an_unknown_engine_is_one_line():
    with pytest.raises(UsageError, match=r"unknown engine 'compile'; did you mean 'compiled'"):
        make("compile")
