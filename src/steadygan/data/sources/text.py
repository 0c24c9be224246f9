"""Text data sets: lines read, split and encoded as ids of characters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np

from steadygan.data.audit.audit import Audit
from steadygan.data.audit.text import TextSummary, summarise
from steadygan.data.dataset import Dataset, Stored
from steadygan.data.options import DataOptions
from steadygan.data.sources.find import TextSource
from steadygan.data.split import MOST_HELD_OUT
from steadygan.data.text.alphabet import LENGTH, MOST_CHARACTERS, Alphabet, Ids, build_alphabet, decode, encode
from steadygan.data.text.lines import read_docs, read_lines, split_lines
from steadygan.errors import DataError, UsageError
from steadygan.types import SampleSpec

_VERSION = 1
_EXAMPLES = 8


def open_lines(source: TextSource, options: DataOptions) -> Dataset:
    """The data set of a text, in memory; no held-out line is a copy of a training line.

    Raises:
        UsageError: for options that are for pictures.
        DataError: for a file that cannot be trained on.
    """
    for name in ("size", "channels"):
        if getattr(options, name) is not None:
            raise UsageError(f"data {name} is {getattr(options, name)}, but '{source.name}' is text, not pictures")
    if options.flip:
        raise UsageError(f"data flip is true, but '{source.name}' is text, not pictures")
    length = options.length or LENGTH
    text = read_docs() if source.path is None else read_lines(source.path)
    train, held_out = split_lines(text.lines, options.held_out, length)
    if not held_out:
        raise DataError(f"'{source.name}' has one line only, in copies: nothing is left to hold out")
    alphabet = build_alphabet(train, options.alphabet or MOST_CHARACTERS, length)
    ids, held_out_ids = encode(train, alphabet, length), encode(held_out, alphabet, length)
    sample = SampleSpec((len(alphabet), length))
    summary = summarise(text, alphabet, length)
    return Dataset(
        name=source.name,
        sample=sample,
        train=Stored(ids),
        held_out=Stored(held_out_ids),
        fingerprint=_fingerprint(alphabet, ids, held_out_ids),
        audit=_audit(source, options, sample, summary, alphabet, (ids, held_out_ids)),
        alphabet=alphabet,
    )


def _fingerprint(alphabet: Alphabet, *parts: Ids) -> str:
    """Hash of all samples."""
    known = json.dumps([_VERSION, alphabet.characters, *(part.shape for part in parts)])
    digest = hashlib.blake2b(known.encode(), digest_size=16)
    for part in parts:
        digest.update(part.astype("<i2").tobytes())
    return digest.hexdigest()


def _audit(
    source: TextSource,
    options: DataOptions,
    sample: SampleSpec,
    summary: TextSummary,
    alphabet: Alphabet,
    parts: Sequence[Ids],
) -> Audit:
    train, held_out = parts
    held_out_from = f"{options.held_out:.0%} of all, at most {MOST_HELD_OUT:,}, chosen by content, copies together"
    sentences = (
        f"It trains on {len(train):,} lines; {len(held_out):,} are held out and never trained on ({held_out_from}).",
        *summary.sentences(),
    )
    shown = np.linspace(0, len(train) - 1, min(_EXAMPLES, len(train))).round().astype(np.int64)
    return Audit(
        source=options.source,
        kind="built in" if source.path is None else "text",
        shape=sample.shape,
        found=len(train) + len(held_out),
        train=len(train),
        held_out=len(held_out),
        held_out_from=held_out_from,
        text=summary,
        alphabet=alphabet,
        examples=tuple(decode(train[shown], alphabet)),
        what_training_will_do=sentences,
    )
