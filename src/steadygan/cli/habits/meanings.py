"""What an option of another program means here: the same, words of ours, a value alone, or advice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Same:
    """An option of another name; the value goes to each of ``names``."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Short:
    """A flag that stands for words of ours."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Bare:
    """An option whose value is typed without an option here."""


@dataclass(frozen=True)
class Otherwise:
    """What has no option of the same meaning: what to type."""

    advice: str


Meaning = Same | Short | Bare | Otherwise


def table(*rows: tuple[str, Meaning]) -> dict[str, Meaning]:
    """Meanings by option; each row has options with spaces between."""
    return {name: meaning for names, meaning in rows for name in names.split()}


OUT = Same(("--out",))
OUTS = "-o --output --outdir --out-dir --output-dir --output-path --output-file --outfile --save-dir --save-path"
SIZES = "--image-size --img-size --imsize --imageSize --resolution --res"
