"""Weights of other codes by the names of our networks: each layout that is known is one module with ``imported``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from steadygan.run import nvlabs
from steadygan.run.weight_files import read_weights
from steadygan.types import PlayerName

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


class Imported(Protocol):
    """Tensors of another code's network."""

    @property
    def tensors(self) -> dict[str, Tensor]:
        """by our names"""

    @property
    def words(self) -> str:
        """whose they are, in words"""


LAYOUTS: tuple[Callable[[Mapping[str, Tensor]], Imported | None], ...] = (nvlabs.imported,)


def read_own_names(path: Path) -> tuple[dict[PlayerName | None, dict[str, Tensor]], tuple[str, ...]]:
    """The tensors of a file by player and by our names, and a line for each network of another code.

    Raises:
        UsageError: one line, for a file that cannot be read, or a variant of a known layout that ours do not have.
    """
    read = read_weights(path)
    made: dict[PlayerName | None, dict[str, Tensor]] = {}
    lines = []
    for player, tensors in read.items():
        found = next((found for layout in LAYOUTS if (found := layout(tensors)) is not None), None)
        made[player] = tensors if found is None else found.tensors
        if found is not None:
            lines.append(f"weights in {path.name}: {found.words}")
    return made, tuple(lines)
