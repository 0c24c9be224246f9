"""Networks of a recipe, built: the one place where a spec becomes a module that keeps the contract."""

from __future__ import annotations

from typing import Any

from torch import nn

from steadygan.errors import SteadyganError, UsageError, in_one_line
from steadygan.networks.layers.own import OwnCritic, OwnGenerator, critic_of, generator_of
from steadygan.types import SampleSpec

_LIBRARY = "steadygan.networks."


def build_generator(spec: Any, sample: SampleSpec, latent: int) -> nn.Module:
    """(latents [N, latent], labels [N] or None) -> samples float32 [N, ...].

    Raises:
        UsageError: one line, for what cannot be built, or does not fit.
    """
    module = _built("generator", spec, sample, latent)
    return module if _is_ours(module) else generator_of(module, sample, latent, spec_name(spec))


def build_critic(spec: Any, sample: SampleSpec) -> nn.Module:
    """(samples [N, ...], labels [N] or None) -> CriticOutput.

    Raises:
        UsageError: one line, for what cannot be built, or does not fit.
    """
    module = _built("critic", spec, sample)
    return module if _is_ours(module) else critic_of(module, sample, spec_name(spec))


def spec_name(spec: Any) -> str:
    """The name of a network spec, for people: its type, or the function of a network of the user's own."""
    return str(getattr(spec, "name", None) or type(spec).__name__)


def _built(player: str, spec: Any, *sizes: Any) -> Any:
    try:
        return spec.build(*sizes)
    except SteadyganError:
        raise
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        if "memory" in str(error).lower():
            raise
        raise UsageError(f"the {player} {spec_name(spec)} cannot be built: {in_one_line(error)}") from error


def _is_ours(module: Any) -> bool:
    """True for a module of this library, whose contract its tests hold."""
    return isinstance(module, nn.Module) and (
        type(module).__module__.startswith(_LIBRARY) or isinstance(module, OwnCritic | OwnGenerator)
    )


__all__ = ["build_critic", "build_generator", "spec_name"]
