"""Networks of the user's own: any function that makes an ``nn.Module`` stands in a recipe as a network spec.

    critic: build(sample) -> nn.Module;             forward(samples [N, ...]) -> scores [N]
    generator: build(sample, latent) -> nn.Module;  forward(latents [N, latent]) -> samples [N, *sample.shape]

``forward`` gets the labels [N] too, int64, where it has a parameter ``labels`` (or ``y``) and the data has classes.
What else a critic may return: ``layers/own.py``.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from steadygan import codec
from steadygan.checks import literal_fields, refused, true_or_false
from steadygan.errors import SteadyganError, UsageError, in_one_line, nearest
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

    Factory: TypeAlias = str | Callable[..., Any]
else:
    Factory = str  # in a file: the function's import path

Patches = Literal["mean", "each"]

_NEEDED = "a network spec, or a function or nn.Module class that makes a network"


@dataclass(frozen=True, repr=False)
class Own:
    """A network of your own, from a function or an ``nn.Module`` class that makes it.

    The function is called with what its parameters ask for: ``sample`` (a ``SampleSpec``), ``latent`` (the size of a
    latent), in this order where they have other names, and the ``options``. It draws initial weights by torch's
    generator, so that they depend on the recipe's seed alone.
    """

    network: Factory = ""
    """the function that makes the network; in a file its import path, such as my_networks:Critic (with --kinds)"""
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    """further arguments of the function, by name"""
    conditional: bool | None = None
    """hand the labels to the network's forward; none: if it has a parameter for labels, and the data has classes"""
    patches: Patches = "mean"
    """of a critic's patch map or scales: mean: the loss takes the mean score of a sample; each: it takes every score,
    and then means"""
    weights: str | None = field(default=None, metadata=codec.OMIT_DEFAULT)
    """set by itself: a hash of the weights of a module that was handed over built, which it begins with"""

    def __post_init__(self) -> None:
        network, options = _without_partial(self.network, self.options)
        if _is_module(network):
            from steadygan.networks.layers.given import Given

            network = Given(network)
            object.__setattr__(self, "weights", network.weights)
        if not isinstance(network, str) and not callable(network):
            raise refused("Own.network", network, _NEEDED)
        literal_fields(self, patches=Patches)
        if self.conditional is not None:
            true_or_false("Own.conditional", self.conditional)
        if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
            raise refused("Own.options", options, "names with values, such as {'width': 64}")
        try:
            plain = codec.to_plain(dict(options))
        except TypeError:
            raise refused("Own.options", options, "numbers, strings, and lists of them") from None
        object.__setattr__(self, "network", network)
        object.__setattr__(self, "options", plain)

    def __repr__(self) -> str:
        changed: dict[str, object] = {"options": self.options or None, "conditional": self.conditional}
        changed |= {"patches": None if self.patches == "mean" else self.patches, "weights": self.weights}
        given = "".join(f", {name}={value!r}" for name, value in changed.items() if value is not None)
        return f"Own({self.path!r}{given})"

    def __getstate__(self) -> dict[str, Any]:
        """For another process: the import path in place of the function; ``bound_to`` brings it back."""
        return {**self.__dict__, "network": self.path}

    def __deepcopy__(self, memo: Any) -> Own:
        return self

    @property
    def path(self) -> str:
        """The import path of the function."""
        return self.network if isinstance(self.network, str) else codec.import_path(self.network)

    @property
    def name(self) -> str:
        """The name of the function, for messages."""
        return self.path.partition(":")[2] or self.path

    def bound_to(self, functions: Iterable[Callable[..., Any]]) -> Own:
        """With the function of its import path in place of the path; unchanged if none fits."""
        if not isinstance(self.network, str):
            return self
        paths = {codec.import_path(function): function for function in functions}  # of a module, its class's
        found = paths.get(self.network)
        if found is None:  # the same function, imported by another way
            alike = [each for path, each in paths.items() if path.partition(":")[2] == self.name]
            found = alike[0] if len(alike) == 1 else None
        return self if found is None else replace(self, network=found)

    def build(self, sample: SampleSpec, latent: int | None = None) -> nn.Module:
        """A critic of such samples; with ``latent`` a generator of them, from latents of that size.

        Raises:
            UsageError: one line, if there is no function, or what it makes does not fit.
        """
        from steadygan.networks.layers.own import critic_of, generator_of

        made = self._made(sample, latent)
        if latent is None:
            return critic_of(made, sample, self.name, conditional=self.conditional, patches=self.patches)
        if self.patches != "mean":
            raise UsageError(f"patches is '{self.patches}', but {self.name} is a generator: only a critic has patches")
        return generator_of(made, sample, latent, self.name, conditional=self.conditional)

    def _made(self, sample: SampleSpec, latent: int | None) -> Any:
        if isinstance(self.network, str):
            raise UsageError(_unknown(self.network))
        arguments = _arguments(self.name, self.network, sample, latent, self.options)
        try:
            return self.network(*arguments.args, **arguments.kwargs)
        except (SteadyganError, MemoryError):
            raise
        except Exception as error:
            raise UsageError(f"{self.name} failed for samples of {sample}: {in_one_line(error)}") from error


def as_network(value: Any, player: str) -> Any:
    """A network spec: the value itself, or ``Own`` of a function or class that makes a network.

    Raises:
        UsageError: for anything else, with the way to say it.
    """
    is_class = isinstance(value, type)
    if _is_module(value):
        return Own(value)
    if hasattr(value, "build") and not (is_class and _is_module_class(value)):
        if is_class:
            raise UsageError(f"{player} is the class {value.__name__}: write {value.__name__}(), with its fields")
        return value
    if isinstance(value, str) or not callable(value):
        raise refused(player, value, _NEEDED)
    return Own(value)


def _is_module(value: Any) -> bool:
    torch = sys.modules.get("torch")  # without torch there is no module
    return torch is not None and isinstance(value, torch.nn.Module)


def _is_module_class(value: type) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(value, torch.nn.Module)


def _without_partial(network: Any, options: Any) -> tuple[Any, Any]:
    """A partial of keywords as its function and options, which can be written into a file."""
    while isinstance(network, functools.partial) and not network.args and isinstance(options, Mapping):
        network, options = network.func, {**network.keywords, **options}
    return network, options


def _unknown(path: str) -> str:
    if not path:
        return "Own.network names no function: give its import path, such as my_networks:Critic, with --kinds"
    if "<" in path:
        return (
            f"the network {path} was made by a function that cannot be imported: pass that function: "
            "sg.load(run, kinds=[function])"
        )
    name = path.rpartition(":")[2]
    return (
        f"the network {path} is code of your own, which a file cannot bring: add --kinds {path}, "
        f"or in Python kinds=[{name}]"
    )


def _arguments(
    name: str, function: Callable[..., Any], sample: SampleSpec, latent: int | None, options: Mapping[str, Any]
) -> inspect.BoundArguments:
    """The arguments of a factory: sample and latent by name, else in this order, and the options.

    Raises:
        UsageError: for parameters that are left over, and for options that it does not have.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise UsageError(f"{name} says nothing of its parameters: wrap it in a function of sample") from None
    given: dict[str, Any] = {"sample": sample} if latent is None else {"sample": sample, "latent": latent}
    parameters = signature.parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for option in options:
        if option not in parameters and not takes_any:
            raise UsageError(f"{name} has no parameter '{option}'{nearest(option, parameters)} (Own.options)")
    values = {**{key: value for key, value in given.items() if key in parameters}, **options}
    waiting = [value for key, value in given.items() if key not in parameters]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    missing = [
        p.name for p in parameters.values() if p.default is p.empty and p.kind in positional and p.name not in values
    ]
    if len(missing) == 1 and len(waiting) == 2:
        raise UsageError(
            f"a generator is made by a function of (sample, latent), but {name} has one parameter, '{missing[0]}': "
            "name it sample or latent, or take both"
        )
    if len(missing) > len(waiting):
        expected = ", ".join(given)
        raise UsageError(
            f"{name} needs {', '.join(missing)}, but is called with {expected}: "
            f"Own({name.rpartition('.')[2]}, options={{'{missing[-1]}': …}}), or a function of {expected}"
        )
    values.update(zip(missing, waiting, strict=False))
    arguments = [values.pop(p.name) for p in parameters.values() if p.kind is p.POSITIONAL_ONLY and p.name in values]
    try:
        return signature.bind(*arguments, **values)
    except TypeError as error:
        raise UsageError(f"{name} cannot be called with {', '.join(given)}: {error}") from None
