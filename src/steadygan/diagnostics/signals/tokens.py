"""Token diversity of text samples: distinct n-grams (Li et al. 2016), entropy of characters, repeated lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from steadygan.checks import whole_number
from steadygan.diagnostics.signals.host import host_array, ratio
from steadygan.errors import UsageError
from steadygan.metrics.ngrams import Line, ngram_counts

Text: TypeAlias = Any
"""lines (``str``, or sequences of tokens), ids [N, L] or a number for each of V characters, [N, V, L]"""


class TokenDiversity(NamedTuple):
    """Variety of generated text, and of as many real lines."""

    distinct: float
    """distinct n-grams over all n-grams, 1 / their number to 1; it falls with the number of lines"""
    distinct_ratio: float
    """over that of the real lines: 1 is right, near 0 where the same words come again and again"""
    entropy: float
    """of single tokens, in bits"""
    entropy_ratio: float
    """over that of the real lines; above 1 where tokens are drawn too evenly, as at the start"""
    repeated: float
    """share of generated lines that another one equals"""
    real_repeated: float


def token_diversity(fake: Text, real: Text, n: int = 3) -> TokenDiversity:
    """Distinct n-grams, entropy of tokens and repeated lines of generated text, against as many real lines.

    Either side is lines of text, token ids [N, L], or one-hot or soft tokens [N, V, L] of which the largest counts;
    take both in the same form. Of the side with more lines the first ones are taken. Padding counts as a token.

    Args:
        fake: generated text
        real: real text
        n: tokens of an n-gram

    Raises:
        UsageError: other forms, fewer than 2 lines on a side, no line of ``n`` tokens, NaN.
    """
    whole_number("n", n)
    sides = [_lines(fake, "generated text"), _lines(real, "real text")]
    count = min(map(len, sides))
    if count < 2:
        got = f"{len(sides[0])} and {len(sides[1])}"
        raise UsageError(f"token diversity needs at least 2 lines on each side; got {got}")
    lines, reals = (side[:count] for side in sides)
    distinct, entropy = _distinct(lines, n), _entropy(lines)
    return TokenDiversity(
        distinct,
        ratio(distinct, _distinct(reals, n)),
        entropy,
        ratio(entropy, _entropy(reals)),
        _repeated(lines),
        _repeated(reals),
    )


def _lines(text: Text, name: str) -> Sequence[Line]:
    if isinstance(text, str):
        raise UsageError(f"{name} must be lines; got one str: cut it with splitlines()")
    if not hasattr(text, "ndim"):
        lines = list(text)
        return [line if isinstance(line, str) else tuple(line) for line in lines]
    array = host_array(text)
    if array.ndim == 3 and array.dtype.kind == "f" and 0 not in array.shape:
        if np.isnan(array).any():
            raise UsageError(f"{name} has NaN values")
        array = array.argmax(axis=1)
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise UsageError(
            f"{name} must be lines, ids [N, L], or numbers for characters [N, V, L]; "
            f"got {array.dtype} {list(array.shape)}"
        )
    return [tuple(line) for line in array.tolist()]


def _distinct(lines: Sequence[Line], n: int) -> float:
    counts = ngram_counts(lines, n)
    return len(counts) / counts.total()


def _entropy(lines: Sequence[Line]) -> float:
    counts = np.array(sorted(ngram_counts(lines, 1).values()), dtype=np.float64)
    shares = counts / counts.sum()
    return max(0.0, -float((shares * np.log2(shares)).sum()))


def _repeated(lines: Sequence[Line]) -> float:
    counts = Counter(lines)
    return sum(count for count in counts.values() if count > 1) / len(lines)
