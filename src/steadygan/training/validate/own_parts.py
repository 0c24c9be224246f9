"""Trial of the user's own parts before training: what their methods give for a few samples, each fault as one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from steadygan.checks import at_least, true_or_false, whole_number
from steadygan.errors import SteadyganError, UsageError, in_one_line
from steadygan.phases import is_of_weights, player_of
from steadygan.training.step.patches import mapped
from steadygan.training.step.probe import trial_latents, trial_samples, unchanged
from steadygan.training.trial import parts
from steadygan.training.validate.reading import is_own, nested_objectives
from steadygan.types import (
    PLAYERS,
    Batch,
    CriticOutput,
    RandomSpec,
    Sample,
    SampleSpec,
    Scales,
    at_each_scale,
    scales_of,
)

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game

COUNT = 8
"""samples of a trial of the prior"""
_SHOWN = 80
"""characters of a result that are repeated"""


def check_own_parts(recipe: Recipe, sample: SampleSpec) -> None:
    """Tries what needs no networks: the prior, states, random numbers, and rules of penalties.

    Raises:
        UsageError: one line that names the method, what it gave, and what is needed.
    """
    if is_own(recipe.prior):
        _check_prior(recipe.prior)
    for part in _perturbations(recipe):
        _check_specs(part, "random_specs", _called(part, "random_specs", sample.shape))
        at_least(f"{_name(part)}.strength(0)", _called(part, "strength", 0), 0)
        _check_state(part, "initial_state", _called(part, "initial_state"))
    for objective in filter(is_own, nested_objectives(recipe.objective)):
        for flag in ("needs_real", "mixes_samples", "real_is_high"):
            true_or_false(f"{_name(objective)}.{flag}", getattr(objective, flag))
        _check_needs(objective)
        _check_state(objective, "initial_state", _called(objective, "initial_state"))
    for penalty in filter(is_own, recipe.penalties):
        if not is_of_weights(penalty):
            _check_penalty(penalty, sample, next(parts(recipe)).samples)


def check_own_parts_in(game: Game) -> None:
    """Tries what needs the networks: objective, perturbation, sampling locations, penalties of weights, optimizers.

    Raises:
        UsageError: as ``check_own_parts``.
    """
    recipe = game.recipe
    for player in PLAYERS:
        if is_own(spec := getattr(recipe, f"{player}_optimizer")):
            _check_optimizer(spec, game.players[player].optimizer)
    for penalty in filter(is_own, filter(is_of_weights, recipe.penalties)):
        network = game.players[player_of(penalty)].network
        _check_loss(penalty, "of_weights", _called(penalty, "of_weights", network), list(network.parameters()))
    if game.encoder is not None:  # samples of two levels, which the first step tries
        return
    count = next(parts(recipe, game.world.size)).samples
    latents, labels = trial_latents(recipe, game.sample, game.device, count)
    samples = trial_samples(game.average, latents, labels, game.sample)
    for part in _perturbations(recipe):
        _check_perturbation(part, samples, game.sample)
    for penalty in recipe.penalties:
        at = getattr(penalty, "at", None)
        if is_own(at):
            _check_points(at, samples, game.sample)
    if any(map(is_own, nested_objectives(recipe.objective))):
        _check_objective(game, Batch(samples, labels))


def _name(part: object) -> str:
    return type(part).__name__


def _called(part: Any, method: str, *arguments: Any) -> Any:
    try:
        return getattr(part, method)(*arguments)
    except SteadyganError:
        raise
    except Exception as error:
        raise UsageError(f"{_name(part)}.{method} fails: {in_one_line(error)}") from error


def _wrong(part: object, method: str, got: object, needed: str) -> UsageError:
    text = repr(got)
    shown = f"a {type(got).__name__}" if len(text) > _SHOWN else text
    shown = f"a {got.dtype} tensor {list(got.shape)}" if isinstance(got, Tensor) else shown
    return UsageError(f"{_name(part)}.{method} gave {shown}; needed: {needed}")


def _perturbations(recipe: Recipe) -> Iterator[Any]:
    """Those of the user's own: the recipe's, and the one inside an adaptive one."""
    perturbation = recipe.perturbation
    yield from filter(is_own, (perturbation, getattr(perturbation, "perturbation", None)))


def _drawn(part: object, method: str, spec: object, count: int = COUNT) -> Tensor:
    """Random numbers [count, ...] of a distribution."""
    if not isinstance(spec, RandomSpec):
        raise _wrong(part, method, spec, "a RandomSpec, such as RandomSpec('normal', (4,))")
    drawn = torch.Generator().manual_seed(0)
    draw = torch.randn if spec.distribution == "normal" else torch.rand
    return draw(count, *spec.shape, generator=drawn)


def _check_specs(part: object, method: str, specs: object, count: int = COUNT) -> tuple[Tensor, ...]:
    if not isinstance(specs, tuple | list):
        raise _wrong(part, method, specs, "a tuple with a RandomSpec for each kind of random numbers")
    return tuple(_drawn(part, method, spec, count) for spec in specs)


def _check_prior(prior: Any) -> None:
    whole_number(f"{_name(prior)}.size", prior.size)
    noise = _drawn(prior, "random_spec", _called(prior, "random_spec"))
    latents, again = (_called(prior, "latents", noise.clone()) for _ in range(2))
    for method, given in (("latents", latents), ("nearest", _called(prior, "nearest", latents))):
        if not isinstance(given, Tensor) or given.shape != (COUNT, prior.size) or given.dtype != noise.dtype:
            needed = f"a torch.float32 tensor [{COUNT}, {prior.size}] (N and size) for {COUNT} samples"
            raise _wrong(prior, method, given, needed)
        if not given.isfinite().all():
            raise UsageError(f"{_name(prior)}.{method} gave numbers that are not finite")
    _check_pure(prior, "latents", latents, again)


def _check_pure(part: object, method: str, first: Tensor, second: Tensor) -> None:
    if not torch.equal(first, second):
        raise UsageError(
            f"{_name(part)}.{method} gave two results for the same input: let it draw no random numbers and count no "
            "calls of its own, so that a resumed run is the same"
        )


def _check_state(part: object, method: str, state: object) -> None:
    if not isinstance(state, tuple) or any(not isinstance(each, Tensor) or each.dim() for each in state):
        raise _wrong(part, method, state, "a tuple of 0-d tensors, () for no state")


def _check_needs(objective: Any) -> None:
    needs, known = getattr(objective, "needs", ()), CriticOutput._fields
    if not isinstance(needs, tuple | list) or any(name not in known for name in needs):
        raise UsageError(f"{_name(objective)}.needs is {needs!r}; allowed: a tuple of names of {', '.join(known)}")


def _check_penalty(penalty: Any, sample: SampleSpec, count: int) -> None:
    """The state of a generator's penalty and its random numbers; the rule of a critic's, for so many samples."""
    if player_of(penalty) == "generator":
        _check_state(penalty, "initial_state", _called(penalty, "initial_state"))
        spec = _called(penalty, "random_spec", sample.shape)
        if spec is not None:
            _drawn(penalty, "random_spec", spec)
        return
    drawn = torch.Generator().manual_seed(0)
    what = "scores" if penalty.at is None else "gradient norms"
    draw = torch.randn if penalty.at is None else torch.rand
    measured = draw(count, generator=drawn).requires_grad_(True)
    held, again = (_called(penalty, "hold", measured * 1.0) for _ in range(2))
    if not isinstance(held, Tensor) or held.shape[:1] != (count,) or held.numel() != count:
        raise _wrong(penalty, "hold", held, f"one value for each sample, [{count}] here, of which the mean is taken")
    _check_loss(penalty, "hold", held.mean(), [measured], f"the {what}")
    _check_pure(penalty, "hold", held, again)


def _check_loss(part: object, method: str, value: object, inputs: list[Tensor], of: str = "the weights") -> None:
    """Raises UsageError unless a value is a finite number whose gradient in some of the inputs exists."""
    if not isinstance(value, Tensor) or value.dim() or not value.is_floating_point():
        raise _wrong(part, method, value, "a tensor of one number, such as a mean")
    if not value.isfinite():
        raise UsageError(f"{_name(part)}.{method} gave {value.item()}, which is not finite")
    wanted = [each for each in inputs if each.requires_grad]
    found = torch.autograd.grad(value, wanted, allow_unused=True) if value.requires_grad else ()
    if all(each is None for each in found):
        raise UsageError(f"{_name(part)}.{method} gave what does not depend on {of}, or was detached from them")


def _check_optimizer(spec: Any, optimizer: object) -> None:
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise _wrong(spec, "build", optimizer, "a torch optimizer")
    settings, known = _called(spec, "settings", 0), optimizer.param_groups[0]
    if not isinstance(settings, dict) or "lr" not in settings or any(name not in known for name in settings):
        allowed = ", ".join(name for name in known if name != "params")
        raise _wrong(spec, "settings", settings, f"a dict with lr, of the optimizer's settings ({allowed})")
    at_least(f"{_name(spec)}.settings(0)['lr']", settings["lr"], 0)


def _check_perturbation(part: Any, samples: Sample, sample: SampleSpec) -> None:
    """Shape and type of what it gives, that it is a function of its numbers, and that each sample is by itself."""
    count, device = len(scales_of(samples)[0]), scales_of(samples)[0].device
    drawn = _check_specs(part, "random_specs", _called(part, "random_specs", sample.shape), count)
    numbers = tuple(each.to(device) for each in drawn)
    strength, state = torch.tensor(float(part.strength(0)), device=device), part.initial_state()

    def perturbed(rows: slice) -> Sample:
        given = at_each_scale(lambda tensor: tensor[rows].clone().requires_grad_(True), samples)
        result: Sample = _called(part, "apply", given, tuple(each[rows].clone() for each in numbers), strength, state)
        _check_alike(part, "apply", result, given)
        return result

    half = slice(0, (count + 1) // 2)
    whole, again, first = perturbed(slice(None)), perturbed(slice(None)), perturbed(half)
    for one, other, of_half in zip(*map(scales_of, (whole, again, first)), strict=True):
        _check_pure(part, "apply", one, other)
        if not one.requires_grad:
            raise UsageError(f"{_name(part)}.apply gave samples without a gradient, so the generator could not learn")
        if not torch.allclose(one[half], of_half, rtol=1e-3, atol=1e-5):
            raise UsageError(f"{_name(part)}.apply changed a sample by others of its batch: by its own numbers alone")


def _check_alike(part: object, method: str, given: object, like: Sample) -> None:
    """Raises UsageError unless something has the shapes and the type of samples."""
    wanted = scales_of(like)
    found = scales_of(given) if isinstance(given, Tensor | Scales) else ()
    fits = len(found) == len(wanted) and all(
        one.shape == other.shape and one.dtype == other.dtype for one, other in zip(found, wanted, strict=True)
    )
    if not fits:
        shapes = ", ".join(str(list(each.shape)) for each in wanted)
        raise _wrong(part, method, given, f"samples as it got them, {wanted[0].dtype} {shapes}")


def _check_points(at: Any, samples: Sample, sample: SampleSpec) -> None:
    spec, first = _called(at, "random_spec", sample.shape), scales_of(samples)[0]
    fake = at_each_scale(lambda tensor: tensor.flip(0), samples)
    random = None if spec is None else _drawn(at, "random_spec", spec, len(first)).to(first.device)
    _check_alike(at, "points", _called(at, "points", samples, fake, random), samples)


def _check_objective(game: Game, batch: Batch) -> None:
    """Its losses and its next state, of the critic's outputs on the batch and on half of it."""
    objective, state = game.recipe.objective, game.state.objective
    with torch.no_grad(), unchanged(game.critic), game.autocast():
        output = game.score(batch)
    real, fake = (mapped(output, _variable) for _ in range(2))
    of_fake = _variables(fake)
    reals = real if objective.needs_real else None
    for method, given, variables, of in (
        ("critic_loss", real, [*_variables(real), *of_fake], "the scores"),
        ("generator_loss", reals, of_fake, "the fakes' scores"),
    ):
        loss, again = (_called(objective, method, given, fake, state) for _ in range(2))
        _check_loss(objective, method, loss, variables, of)
        _check_pure(objective, method, loss, again)
    after = _called(objective, "next_state", *(mapped(each, Tensor.detach) for each in (real, fake)), state)
    _check_state(objective, "next_state", after)
    if len(after) != len(state):
        raise _wrong(objective, "next_state", after, f"a state of {len(state)} tensors, as initial_state gives")


def _variable(field: Tensor) -> Tensor:
    return field.detach().clone().requires_grad_(field.is_floating_point())


def _variables(output: CriticOutput) -> list[Tensor]:
    """The tensors of an output that gradients are taken of."""
    fields = [each for field in output for each in (field if isinstance(field, tuple) else (field,))]
    return [field for field in fields if field is not None and field.requires_grad]
