"""The audit of text: counts, and sentences on what training will do with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steadygan.data.text.alphabet import LENGTH, Alphabet, encode
from steadygan.data.text.lines import TextFile


@dataclass(frozen=True)
class TextSummary:
    """Statistics of a text as training samples."""

    lines: int
    """samples"""
    empty: int
    """lines of white space or nothing, left out"""
    cut: int
    """lines that are longer than a sample"""
    padded: int
    """lines that are shorter"""
    longest: int
    """characters of the longest line"""
    copies: int
    """lines that equal an earlier one, once both are cut"""
    length: int
    """characters of a sample"""
    characters: int
    """of the alphabet, including unknown and padding"""
    unknown_share: float
    """share of the samples' characters that are not in the alphabet"""
    with_padding: int
    """lines that contain the padding character"""
    broken: int
    """characters that are not valid UTF-8"""
    more: bool
    """True if the file has more lines than were read"""

    def counts(self) -> tuple[str, ...]:
        """The counts as lines to print."""
        share = 1 / max(1, self.lines)
        return (
            f"lines       {self.lines:,}, of {self.longest:,} characters at most; {self.empty:,} empty ones left out",
            f"cut         {self.cut:,} to {self.length} characters ({self.cut * share:.1%})",
            f"padded      {self.padded:,} ({self.padded * share:.1%})",
            f"unknown     {self.unknown_share:.2%} of the characters",
        )

    def sentences(self) -> tuple[str, ...]:
        """What training will do with the text."""
        cut = f"{self.cut:,} longer ones ({self.cut / self.lines:.0%}; the longest has {self.longest:,})"
        sentences = [
            f"Each of {self.lines:,} lines is one sample of {self.length} characters: "
            + (f"{cut} are cut and the rest dropped; " if self.cut else "")
            + f"shorter ones ({self.padded / self.lines:.0%}) are padded.",
            f"The alphabet has {self.characters - 2:,} characters, one for padding and one for unknown characters, "
            f"which are {self.unknown_share:.2%} of the text.",
        ]
        if self.empty:
            sentences.append(f"Empty lines are left out ({self.empty:,}).")
        if self.copies:
            sentences.append(f"Lines that are copies of others are kept ({self.copies:,}).")
        if self.with_padding:
            contains = f"The text contains the padding character (in {self.with_padding:,} of its lines)"
            sentences.append(f"{contains}: at a line's end it is lost.")
        if self.broken:
            sentences.append(f"Characters that are not UTF-8 are unknown ({self.broken:,}).")
        if self.more:
            sentences.append("The file has more lines; they are not read.")
        return tuple(sentences)


def summarise(text: TextFile, alphabet: Alphabet, length: int = LENGTH) -> TextSummary:
    """The summary of a text whose samples have ``length`` characters."""
    lengths = np.fromiter((len(line) for line in text.lines), dtype=np.int64, count=len(text.lines))
    kept = int(np.minimum(lengths, length).sum())
    unknown = int((encode(text.lines, alphabet, length) == alphabet.unknown).sum())
    padding = alphabet.characters[alphabet.padding]
    return TextSummary(
        lines=len(text.lines),
        empty=text.empty,
        cut=int((lengths > length).sum()),
        padded=int((lengths < length).sum()),
        longest=max(text.longest, int(lengths.max(initial=0))),
        copies=len(text.lines) - len({line[:length] for line in text.lines}),
        length=length,
        characters=len(alphabet),
        unknown_share=unknown / max(1, kept),
        with_padding=sum(padding in line[:length] for line in text.lines),
        broken=text.broken,
        more=text.more,
    )
