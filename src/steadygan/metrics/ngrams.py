"""Text metrics: Jensen-Shannon divergence of n-grams, and the share of real words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.metrics.estimates import Estimate

Line: TypeAlias = str | Sequence[Hashable] | NDArray[Any]
"""Text, or its tokens: characters, words or token ids."""
Level: TypeAlias = Literal["char", "word"]


def ngram_counts(lines: Iterable[Line], n: int, level: Level = "char") -> Counter[tuple[Hashable, ...]]:
    """How often each n-gram occurs in lines; it does not run over the end of one, and a shorter line has none.

    Raises:
        UsageError: as ``ngram_js``.
    """
    return _count(lines, n, level, "the")


def ngram_js(real: Iterable[Line], fake: Iterable[Line], n: int, level: Level = "char") -> float:
    """Jensen-Shannon divergence between the n-gram distributions of two texts, in bits: 0 alike, 1 nothing shared.

    With p and q the shares of each n-gram and m = (p + q) / 2, it is (KL(p || m) + KL(q || m)) / 2 to base 2, as in
    the official code of WGAN-GP's language model. N-grams do not run over the end of a line; padding counts, so give
    padded lines or plain ones on both sides.

    Rare n-grams make it large: two halves of real text are not at 0, and fewer lines are farther off. Compare with
    ``ngram_js(real, held_out, n)`` of as many held-out lines as there are generated ones.

    Args:
        real: lines
        fake: lines
        n: tokens of an n-gram
        level: what a ``str`` is cut into: its characters, or the words between its spaces. Other lines are tokens.

    Raises:
        UsageError: ``n`` below 1, another level, or no line that is long enough.
    """
    counts = [_count(lines, n, level, name) for lines, name in ((real, "real"), (fake, "fake"))]
    # a set would order them, and round sums, differently each time
    grams = list(dict.fromkeys((*counts[0], *counts[1])))
    p, q = (_shares(count, grams) for count in counts)
    middle = (p + q) / 2
    divergence = 0.5 * (_relative_entropy(p, middle) + _relative_entropy(q, middle))
    return min(1.0, max(0.0, divergence))  # rounding must not leave the range


def js_curve(
    real: Iterable[Line], fake: Iterable[Line], orders: Sequence[int] = (1, 2, 3, 4), level: Level = "char"
) -> dict[int, float]:
    """``ngram_js`` for each order n."""
    real_lines, fake_lines = list(real), list(fake)
    return {n: ngram_js(real_lines, fake_lines, n, level) for n in orders}


def word_share(fake: Iterable[Line], text: Iterable[Line], padding: str = "") -> Estimate:
    """The share of generated words that occur in a text; higher is better, real lines that it lacks give the ceiling.

    Words are what stands between spaces, unchanged: letter case and punctuation count, and the last word of a cut line
    may be half a word. The error takes lines, not words, as independent.

    Args:
        fake: lines of text, ``str`` or sequences of characters
        text: its lines, or its words
        padding: a character that fills lines up at their end, removed first

    Raises:
        UsageError: lines that are not text, or no word in them.
    """
    if isinstance(text, str):
        raise UsageError("a text must be lines; got one str: cut it with splitlines()")
    known = frozenset(word for line in text for word in _text(line).rstrip(padding).split())
    if not known:
        raise UsageError("share of words: the text's lines have no word")
    pairs = []
    for line in fake:
        words = _text(line).rstrip(padding).split()
        pairs.append((sum(word in known for word in words), len(words)))
    hits, counts = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    total = float(counts.sum())
    if total == 0:
        raise UsageError(f"share of words: there is no word in {len(counts)} generated lines")
    share = float(hits.sum()) / total
    if len(counts) == 1:
        return Estimate(share)
    residuals = hits - share * counts
    return Estimate(share, float(np.sqrt(len(counts) / (len(counts) - 1) * np.square(residuals).sum())) / total)


def _count(lines: Iterable[Line], n: int, level: Level, name: str) -> Counter[tuple[Hashable, ...]]:
    whole_number("n", n, note="tokens of an n-gram")
    if level not in ("char", "word"):
        raise UsageError(f"level is '{level}'; allowed are 'char' and 'word'")
    if isinstance(lines, str):
        raise UsageError(f"{name} text must be lines; got one str: cut it with splitlines()")
    counts: Counter[tuple[Hashable, ...]] = Counter()
    number = 0
    for line in lines:
        tokens = _tokens(line, level)
        counts.update(zip(*(tokens[start:] for start in range(n)), strict=False))
        number += 1
    if not counts:
        raise UsageError(f"{name} text: none of {number} lines has {n} tokens")
    return counts


def _tokens(line: Line, level: Level) -> Sequence[Hashable]:
    if isinstance(line, str):
        return line.split() if level == "word" else line
    tokens: Any = line.tolist() if hasattr(line, "tolist") else line  # of numpy and of torch, whose numbers hash apart
    if isinstance(tokens, bytes) or not isinstance(tokens, Sequence):
        raise UsageError(f"a line is {type(line).__name__}; lines are text, or lists of tokens")
    return [each.item() if hasattr(each, "item") else each for each in tokens]


def _text(line: Line) -> str:
    if isinstance(line, str):
        return line
    try:
        return "".join(_tokens(line, "char"))  # type: ignore[arg-type]
    except TypeError:
        raise UsageError("words need lines of text, str or sequences of characters; decode token ids first") from None


def _shares(counts: Counter[tuple[Hashable, ...]], grams: list[tuple[Hashable, ...]]) -> NDArray[np.float64]:
    array = np.fromiter((counts[gram] for gram in grams), dtype=np.float64, count=len(grams))
    shares: NDArray[np.float64] = array / array.sum()
    return shares


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    support = p > 0
    return float(np.sum(p[support] * np.log2(p[support] / q[support])))
