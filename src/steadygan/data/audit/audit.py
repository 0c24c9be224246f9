"""The audit of a data source: what is in it, and what training will do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from steadygan.system.escapes import escaped
from steadygan.system.words import visible

if TYPE_CHECKING:
    from steadygan.data.audit.text import TextSummary
    from steadygan.data.text.alphabet import Alphabet

_LISTED = 10
_SHOWN = 80
"""characters of an alphabet"""


@dataclass(frozen=True)
class Audit:
    """Findings on one source. Counts are of both splits together, if there are two."""

    source: str
    kind: str
    """'folder', 'parquet', 'idx', 'arrays', 'text', 'built in' or 'synthetic'"""
    shape: tuple[int, ...]
    """shape of one sample in training: (C, S, S), (2,), or (characters, length) of text"""
    found: int
    """pictures, readable or not; lines of text"""
    train: int | None
    """training samples; None: endless"""
    held_out: int
    held_out_from: str
    """how the held-out samples were chosen, in words"""
    classes: tuple[tuple[str, int | None], ...] = ()
    """name and training samples of each class"""
    sizes: tuple[tuple[tuple[int, int], int], ...] = ()
    """((width, height), pictures), the most frequent first, at most 20"""
    different_sizes: int = 0
    smallest: tuple[int, int] | None = None
    """the smallest width and the smallest height"""
    largest: tuple[int, int] | None = None
    levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    """the stored numbers that become 0 and 255, by the depth of files: ``data.images.depth.Levels``"""
    ranges: tuple[tuple[str, dict[str, Any]], ...] = ()
    """(which pictures, '' for all, and the stored numbers that become 0 and 255: ``data.range.ValueRange``)"""
    range_words: tuple[str, ...] = ()
    """the same as sentences"""
    warnings: tuple[str, ...] = ()
    """what will probably not train as it is"""
    modes: tuple[tuple[str, int], ...] = ()
    """(Pillow's mode, pictures)"""
    formats: tuple[tuple[str, int], ...] = ()
    animated: int = 0
    """files with several frames or pages; the first one is used"""
    rotated: int = 0
    """files that are turned upright by their EXIF orientation"""
    duplicate_groups: int = 0
    """groups of files with the same bytes"""
    duplicate_copies: int = 0
    """files that are copies of another"""
    duplicates: tuple[tuple[str, ...], ...] = ()
    """names in the first of these groups"""
    unreadable_count: int = 0
    unreadable: tuple[tuple[str, str], ...] = ()
    """name and reason, at most 1,000"""
    ignored: tuple[tuple[str, int], ...] = ()
    """(suffix, files) of files that are not pictures"""
    notes: tuple[str, ...] = ()
    text: TextSummary | None = None
    """of text only"""
    alphabet: Alphabet | None = None
    """of text only"""
    examples: tuple[str, ...] = ()
    """lines of text as they are trained on"""
    what_training_will_do: tuple[str, ...] = ()
    cache: str | None = None
    """where the decoded pictures are kept; None: in memory only"""
    cache_bytes: int = 0
    problem: str | None = None
    """why this data is refused; None if it can be trained on"""

    def to_json(self) -> dict[str, Any]:
        """All findings as plain lists, numbers and strings, for data.json."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The findings as lines to print."""
        lines = [f"{escaped(self.source)} ({self.kind})"]
        if self.text is not None and self.alphabet is not None:
            lines += [f"  {line}" for line in self.text.counts()]
            lines.append(f"  alphabet    {_characters(self.alphabet)}")
            lines += [f"  example     {visible(line)}" for line in self.examples]
        elif self.found:
            lines.append(f"  pictures    {self.found:,} found, {self.unreadable_count:,} unreadable")
        if self.smallest and self.largest:
            lines.append(f"  sizes       {self._size_summary(self.smallest, self.largest)}")
        lines += [f"  range       {words}" for words in self.range_words]
        lines += _counted("modes", self.modes) + _counted("formats", self.formats)
        if self.rotated or self.animated:
            lines.append(
                f"  special     {self.rotated:,} rotated by EXIF, {self.animated:,} animated or of several pages"
            )
        if self.classes:
            lines.append(f"  classes     {len(self.classes):,}: {_classes(self.classes)}")
        if self.duplicate_groups:
            lines.append(
                f"  duplicates  {self.duplicate_copies:,} copies in {self.duplicate_groups:,} groups, such as "
                + _listed(self.duplicates[0], 3, " = ")
            )
        lines += [f"  unreadable  {name}: {why}" for name, why in self.unreadable[:_LISTED]]
        if self.unreadable_count > _LISTED:
            lines.append(f"  unreadable  and {self.unreadable_count - _LISTED:,} more")
        lines += _counted("ignored", self.ignored)
        lines += [f"  note        {note}" for note in self.notes]
        lines += [f"  warning     {warning}" for warning in self.warnings]
        lines.append("What training will do with it:" if not self.problem else f"Refused: {self.problem}")
        if not self.problem:
            lines += [f"  {sentence}" for sentence in self.what_training_will_do]
        return lines

    def _size_summary(self, smallest: tuple[int, int], largest: tuple[int, int]) -> str:
        if self.different_sizes == 1:
            return f"all {largest[0]}x{largest[1]}"
        common = ", ".join(f"{width}x{height} {count:,}" for (width, height), count in self.sizes[:4])
        more = f", … ({self.different_sizes:,} sizes)" if self.different_sizes > 4 else ""
        ranges = f"width {smallest[0]} to {largest[0]}, height {smallest[1]} to {largest[1]}"
        return f"{ranges}: {common}{more}"


def _counted(title: str, counts: Sequence[tuple[str, int]]) -> list[str]:
    if not counts:
        return []
    shown = ", ".join(f"{name} {count:,}" for name, count in counts[:_LISTED])
    return [f"  {title:<11} {shown}" + (", …" if len(counts) > _LISTED else "")]


def _characters(alphabet: Alphabet) -> str:
    """The most frequent characters of an alphabet."""
    special = (alphabet.unknown, alphabet.padding)
    known = [character for number, character in enumerate(alphabet.characters) if number not in special]
    return f"{len(known):,} characters: {visible(''.join(known[:_SHOWN]))}{'…' if len(known) > _SHOWN else ''}"


def _classes(classes: Sequence[tuple[str, int | None]]) -> str:
    names = [name if count is None else f"{name} {count:,}" for name, count in classes]
    return _listed(names, _LISTED, ", ")


def _listed(names: Sequence[str], most: int, between: str) -> str:
    return between.join(names[:most]) + (f"{between}…" if len(names) > most else "")
