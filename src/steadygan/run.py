"""A run's folder as a Python value: its recipe, record, networks and samples."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from steadygan import recipe as recipes
from steadygan.types import RunError, SampleSpec, UsageError, nearest, scales_of, unknown_name

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from steadygan.data.alphabet import Alphabet
    from steadygan.data.classes import Asked
    from steadygan.data.dataset import Samples
    from steadygan.recipe import Recipe

RUNS = Path("runs")
"""Where runs are kept unless another folder is named."""

Weights = Literal["average", "average-plain", "raw"]
"""The running average with re-estimated batch-norm statistics, with those of training, or the generator as trained."""


def is_run(folder: Path) -> bool:
    """Does the folder hold a run?"""
    return (folder / "recipe.yaml").is_file()


def list_runs(root: Path = RUNS) -> list[Path]:
    """The runs below a folder, oldest first."""
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if path.is_dir() and is_run(path)]
    return sorted(found, key=lambda path: ((path / "recipe.yaml").stat().st_mtime, path.name))


def find_run(name: str | Path | None = None) -> Path:
    """The folder of a run: a path, a name below ``runs/``, or the newest one for None.

    Raises:
        UsageError: if there is none, with the nearest names.
    """
    known = list_runs()
    if name is None:
        if not known:
            raise UsageError(f"there is no run in {RUNS}/ yet: 'steadygan train' makes one")
        return known[-1]
    for folder in (Path(name), RUNS / name):
        if is_run(folder):
            return folder
    if Path(name).is_dir():
        raise UsageError(f"{name} is no run: it has no recipe.yaml")
    names = [path.name for path in known]
    listed = f" (known: {', '.join(names[-8:])})" if names else f" ({RUNS}/ is empty)"
    raise UsageError(f"there is no run '{name}'{nearest(str(name), names)}{listed}")


def new_folder(name: str, root: Path = RUNS) -> Path:
    """A folder below ``root`` that does not exist yet: NAME, NAME-2, NAME-3, …; 'hf:OWNER/NAME' becomes one word."""
    name = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run"
    folder, number = root / name, 1
    while folder.exists():
        number += 1
        folder = root / f"{name}-{number}"
    return folder


def _need_samples(count: int) -> None:
    if count < 1:
        raise UsageError(f"the number of samples is {count}; it has to be 1 or more")


class Run:
    """A training run in a folder; networks are loaded when they are first asked for.

    >>> run = sg.load("runs/wgan-gp-digits")          # doctest: +SKIP
    >>> images = run.sample(64, seed=1)               # uint8 [64, 1, 8, 8]
    """

    def __init__(self, folder: str | Path, *, kinds: Iterable[type] = ()) -> None:
        self.folder = find_run(folder)
        self.kinds = tuple(kinds)

    def __repr__(self) -> str:
        return f"Run('{self.folder}', {self.rounds_done:,} of {self.recipe.rounds:,} rounds)"

    @cached_property
    def recipe(self) -> Recipe:
        """What was trained."""
        return recipes.load(self.folder / "recipe.yaml", extra=self.kinds)

    @cached_property
    def data(self) -> dict[str, Any]:
        """What data.json says of the data."""
        from steadygan.files import read_json

        content: dict[str, Any] = read_json(self.folder / "data.json")
        return content

    @property
    def sample_spec(self) -> SampleSpec:
        """What one sample looks like to the networks."""
        spec = self.data["sample"]
        return SampleSpec(tuple(spec["shape"]), spec["classes"])

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, where the data has them."""
        return tuple(self.data.get("class_names", ()))

    @property
    def conditional(self) -> bool:
        """Does the generator make the class that it is asked for?"""
        from steadygan.networks import takes_classes

        return takes_classes(self.recipe.generator)

    def class_numbers(self, asked: Asked) -> list[int]:
        """The numbers of classes that are asked for by number or name.

        Raises:
            UsageError: for a run whose generator takes no classes, and for a class that the data does not have.
        """
        from steadygan.data.classes import class_numbers

        if not self.conditional:
            raise UsageError(
                f"{self.folder} cannot be asked for a class: the generator of '{self.recipe.name}' does not listen to "
                "labels; conditional recipes such as acgan do"
            )
        return class_numbers(asked, self.class_names, self.sample_spec.classes)

    @property
    def alphabet(self) -> Alphabet | None:
        """What the ids of text stand for; None for pictures and points."""
        from steadygan.data.alphabet import Alphabet

        known = self.data.get("alphabet")
        return None if known is None else Alphabet(**known)

    @property
    def rows(self) -> list[dict[str, float]]:
        """The record: one dict a logged round."""
        from steadygan.training.folder import METRICS
        from steadygan.training.record import read_rows

        return read_rows(self.folder / METRICS)

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """What samples were worth while the run went on: one dict an evaluation."""
        from steadygan.training.folder import EVALUATIONS
        from steadygan.training.record import read_rows

        return read_rows(self.folder / EVALUATIONS)

    @property
    def best_round(self) -> int:
        """The round of the checkpoint whose samples were nearest to the real ones; without evaluations the last."""
        from steadygan.training.record import best_round

        best = best_round(self.evaluations)
        kept = [int(path.name) for path in self.checkpoints]
        return best if best is not None and best in kept else self.rounds_done

    @property
    def checkpoints(self) -> list[Path]:
        """The whole checkpoints, oldest first."""
        from steadygan.training.folder import list_checkpoints

        return list_checkpoints(self.folder / "checkpoints")

    @property
    def rounds_done(self) -> int:
        """Rounds of the last checkpoint."""
        saved = self.checkpoints
        return int(saved[-1].name) if saved else 0

    @property
    def finished(self) -> bool:
        """Is there a checkpoint of the last round?"""
        return self.rounds_done >= self.recipe.rounds

    @property
    def modified(self) -> float:
        """When the run last wrote something, in seconds since the epoch."""
        paths = (self.folder / "metrics.jsonl", self.folder / "recipe.yaml")
        return max((path.stat().st_mtime for path in paths if path.exists()), default=time.time())

    def checkpoint(self, round_: int | None = None) -> Path:
        """The checkpoint of a round, or the last one.

        Raises:
            RunError: if there is none.
        """
        saved = self.checkpoints
        if not saved:
            raise RunError(f"{self.folder} has no checkpoint yet: 'steadygan resume {self.folder}' goes on with it")
        if round_ is None:
            return saved[-1]
        for path in saved:
            if int(path.name) == round_:
                return path
        kept = ", ".join(str(int(path.name)) for path in saved)
        raise RunError(f"{self.folder} has no checkpoint of round {round_} (kept: {kept})")

    def load_generator(self, weights: Weights = "average", round_: int | None = None) -> nn.Module:
        """The generator in eval mode, on the CPU.

        Args:
            weights: 'average', the running average with batch-norm statistics that were re-estimated for it;
                'average-plain', with those of the training; or 'raw', as trained
            round_: of the checkpoint; None: the last
        """
        from steadygan.training.checkpoint import load_network, load_tensors

        if weights not in get_args(Weights):
            raise unknown_name("weights", weights, get_args(Weights))
        network = self.recipe.generator.build(self.sample_spec, self.recipe.prior.size)
        checkpoint = self.checkpoint(round_)
        load_network(network, checkpoint, "generator" if weights == "raw" else "average")
        if weights == "average-plain":
            trained = load_tensors(checkpoint, "generator")
            for name, buffer in network.named_buffers():
                if name in trained:
                    buffer.copy_(trained[name])
        return network.eval().requires_grad_(False)

    @cached_property
    def generator(self) -> nn.Module:
        """The generator with averaged weights, in eval mode: latents [N, size] to samples [N, ...]."""
        return self.load_generator()

    @cached_property
    def critic(self) -> nn.Module:
        """The critic in eval mode: samples [N, ...] to a CriticOutput."""
        from steadygan.training.checkpoint import load_network

        network = self.recipe.critic.build(self.sample_spec)
        load_network(network, self.checkpoint(), "critic")
        return network.eval().requires_grad_(False)

    def latents(self, count: int, seed: int = 0) -> torch.Tensor:
        """Latents [count, size] of the run's prior; the first n do not depend on the count."""
        from steadygan.training.draws import Stream, draw_noise, stream_generator

        noise = draw_noise(self.recipe.prior.noise(), stream_generator(seed, Stream.SAMPLES), count)
        return self.recipe.prior.latents(noise)

    def labels(self, count: int, seed: int = 0, label: Asked | None = None) -> torch.Tensor | None:
        """Labels [count]: the classes that are asked for in turn, else uniform; None where the data has no classes."""
        from steadygan.training.draws import Stream, draw_labels, stream_generator

        if label is not None:
            import torch

            asked = torch.tensor(self.class_numbers(label))
            return asked[torch.arange(count) % len(asked)]
        return draw_labels(self.sample_spec.classes, stream_generator(seed, Stream.SAMPLE_LABELS), count)

    def decode(
        self, latents: torch.Tensor, labels: torch.Tensor | None = None, *, generator: nn.Module | None = None
    ) -> Samples:
        """What the generator makes of latents [N, size]: images, points or ids of characters, as of ``sample``."""
        import torch

        blocks = self._decoded(latents, labels, generator or self.generator)
        return torch.cat([scales[-1] for scales in blocks]).numpy()

    def _decoded(
        self, latents: torch.Tensor, labels: torch.Tensor | None, network: nn.Module
    ) -> Iterator[tuple[torch.Tensor, ...]]:
        """Blocks of samples; each has its scales, coarse to fine, or one tensor where samples have one size."""
        import torch

        from steadygan.representations import decode_scales

        with torch.no_grad():
            for i in range(0, len(latents), 256):
                part = network(latents[i : i + 256], None if labels is None else labels[i : i + 256])
                yield decode_scales(self.recipe.representation, part)

    def stream(
        self, count: int, seed: int = 0, *, weights: Weights = "average", round_: int | None = None
    ) -> Iterator[Samples]:
        """The samples of ``sample`` in blocks [n, ...], for more than memory holds."""
        network = self._generator_of(weights, round_)
        for scales in self._decoded(self.latents(count, seed), self.labels(count, seed), network):
            yield scales[-1].numpy()

    def sample(
        self,
        count: int,
        seed: int = 0,
        *,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> Samples:
        """``count`` new samples, the same for the same seed.

        uint8 images [N, C, H, W], float32 points [N, D], or ids of characters [N, L], which ``lines`` gives as text.

        Args:
            count: how many
            seed: decides the latents; the first n samples do not depend on the count
            label: the class, by number or name, or several that take turns; None: each sample's is drawn
            weights: the running average of the generator's weights, or the raw ones
            round_: of the checkpoint; None: the last
        """
        _need_samples(count)
        labels = self.labels(count, seed, label)
        return self.decode(self.latents(count, seed), labels, generator=self._generator_of(weights, round_))

    def class_grid(
        self,
        columns: int,
        seed: int = 0,
        *,
        label: Asked | None = None,
        most: int = 20,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> tuple[Samples, list[int]]:
        """Samples [classes, columns, ...] whose columns share a latent, and the classes of the rows.

        Args:
            columns: samples of each class
            seed: decides the latents, which are those of ``sample``, and the choice of classes
            label: the classes, by number or name; None: all
            most: of more classes so many are chosen, where none are asked for

        Raises:
            UsageError: for a run whose generator takes no classes.
        """
        import numpy as np

        from steadygan.data.classes import some_classes

        if columns < 1:
            raise UsageError(f"the number of samples of a class is {columns}; it has to be 1 or more")
        classes = self.class_numbers(some_classes(self.sample_spec.classes, most, seed) if label is None else label)
        generator, latents = self._generator_of(weights, round_), self.latents(columns, seed)
        rows = [self.decode(latents, self.labels(columns, seed, number), generator=generator) for number in classes]
        return np.stack(rows), classes

    def lines(self, count: int, seed: int = 0, *, weights: Weights = "average", round_: int | None = None) -> list[str]:
        """The samples of ``sample`` as lines of text, without the padding at their ends.

        Raises:
            UsageError: for a run on pictures or points.
        """
        from steadygan.data.alphabet import decode

        alphabet = self.alphabet
        if alphabet is None:
            raise UsageError(f"{self.folder} makes {self._what}, no lines of text: use sample")
        return decode(self.sample(count, seed, weights=weights, round_=round_), alphabet)

    def scales(
        self,
        count: int,
        seed: int = 0,
        *,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> tuple[Samples, ...]:
        """The samples of ``sample`` at every size that the generator makes, coarse to fine; most make one."""
        import torch

        _need_samples(count)
        network = self._generator_of(weights, round_)
        blocks = self._decoded(self.latents(count, seed), self.labels(count, seed, label), network)
        return tuple(torch.cat(parts).numpy() for parts in zip(*blocks, strict=True))

    def interpolate(
        self,
        count: int,
        steps: int,
        seed: int = 0,
        *,
        loop: bool = False,
        label: Asked | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> NDArray[np.uint8]:
        """``count`` images that change into others, uint8 [steps, count, C, H, W], beginning with those of ``sample``.

        Latents go along cos(t) a + sin(t) b, which is N(0, I) at each t, so that all are as likely as those of
        training: a quarter of a turn, from a to b, or with ``loop`` the whole turn, without the last step that would
        be the first again. Latents that are not normal take the same way in their quantiles.
        """
        import numpy as np

        if not self.sample_spec.is_image:
            raise UsageError(f"{self.folder} makes {self._what}; only pictures can be interpolated")
        if count < 1 or steps < 2:
            raise UsageError(f"got {count} samples in {steps} steps; an interpolation needs 1 and 2 or more")
        generator, labels = self._generator_of(weights, round_), self.labels(count, seed, label)
        turns = np.linspace(0.0, 1.0, steps, endpoint=False) if loop else np.linspace(0.0, 0.25, steps)
        moments = (self._turned(count, seed, float(turn)) for turn in turns)
        return np.stack([self.decode(latents, labels, generator=generator) for latents in moments]).astype(np.uint8)

    def find_latents(
        self,
        images: NDArray[np.uint8],
        steps: int = 300,
        seed: int = 0,
        *,
        starts: int = 4,
        labels: torch.Tensor | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> torch.Tensor:
        """Latents [N, size] from which the generator makes something like given images, such as real ones.

        >>> latents = run.find_latents(images)            # doctest: +SKIP
        >>> mirrored = run.find_latents(images[..., ::-1])  # doctest: +SKIP
        >>> strips = run.mix(latents, mirrored, 10)       # doctest: +SKIP

        Args:
            images: uint8 [N, C, H, W] of the run's shape
            steps: of Adam on mean |x - G(z)|
            seed: decides the latents that it starts from
            starts: tries for each image, of which the best counts
            labels: [N], where the generator wants them
            weights: the running average of the generator's weights, or the raw ones
            round_: of the checkpoint; None: the last

        Raises:
            UsageError: for other images, and for runs that make no pictures.
        """
        import numpy as np
        import torch

        from steadygan.inversion import find_latents

        shape = self.sample_spec.shape
        if not self.sample_spec.is_image:
            raise UsageError(f"{self.folder} makes {self._what}; only pictures' latents can be found")
        if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
            raise UsageError(
                f"images are {images.dtype} {list(images.shape)}; needed: uint8 [N, {', '.join(map(str, shape))}]"
            )
        if steps < 1 or starts < 1:
            raise UsageError(f"got {steps} steps from {starts} starts; needed: 1 or more of both")
        prior, generator = self.recipe.prior, self._generator_of(weights, round_)
        begun = self.latents(starts * len(images), seed).reshape(starts, len(images), prior.size)
        encoded = self.recipe.representation.encode(torch.from_numpy(np.ascontiguousarray(images)))
        targets = scales_of(encoded)[-1]
        found = [
            find_latents(
                generator, prior, targets[part], begun[:, part], None if labels is None else labels[part], steps=steps
            )[0]
            for part in (slice(i, i + 64) for i in range(0, len(images), 64))
        ]
        return torch.cat(found)

    def mix(
        self,
        first: torch.Tensor,
        second: torch.Tensor,
        steps: int,
        *,
        labels: torch.Tensor | None = None,
        weights: Weights = "average",
        round_: int | None = None,
    ) -> NDArray[np.uint8]:
        """Images on the straight way between two sets of latents [N, size], ends included: uint8 [steps, N, C, H, W].

        Where the prior has a bound, mixes are the nearest latents within it.
        """
        import numpy as np

        generator, nearest = self._generator_of(weights, round_), self.recipe.prior.nearest
        shares = np.linspace(0.0, 1.0, steps)
        moments = (nearest((1 - float(share)) * first + float(share) * second) for share in shares)
        return np.stack([self.decode(latents, labels, generator=generator) for latents in moments]).astype(np.uint8)

    @property
    def _what(self) -> str:
        spec = self.sample_spec
        return "pictures" if spec.is_image else "text" if spec.is_text else "points"

    def _turned(self, count: int, seed: int, turn: float) -> torch.Tensor:
        import torch

        from steadygan.training.draws import Stream, draw_noise, stream_generator

        noise = self.recipe.prior.noise()
        drawn = draw_noise(noise, stream_generator(seed, Stream.SAMPLES), 2 * count)
        if noise.distribution == "uniform":
            drawn = torch.special.ndtri(drawn.clamp(1e-6, 1 - 1e-6))
        angle = 2 * math.pi * turn
        mixed = math.cos(angle) * drawn[:count] + math.sin(angle) * drawn[count:]
        return self.recipe.prior.latents(torch.special.ndtr(mixed) if noise.distribution == "uniform" else mixed)

    def _generator_of(self, weights: Weights, round_: int | None) -> nn.Module:
        return self.generator if weights == "average" and round_ is None else self.load_generator(weights, round_)
