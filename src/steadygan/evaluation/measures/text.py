"""Metrics of text: divergence of n-grams, and the share of real words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from steadygan.evaluation.extracting import subset_indices
from steadygan.evaluation.material import Material
from steadygan.evaluation.measures.subject import Measure, of_text
from steadygan.evaluation.record import Number, Settings


def orders(length: int) -> range:
    """The n of the n-grams that lines of a length are measured by."""
    return range(1, min(4, length) + 1)


def _ngrams(material: Material) -> Iterable[Number]:
    """Padding counts, as in the authors' code; the floor is as many training lines in place of generated ones."""
    from steadygan.metrics.ngrams import ngram_js

    train, held_out, fake = material.real.train[0], material.real.held_out[0], material.samples
    count = min(len(fake), len(train))
    real = train[subset_indices(len(train), count)]
    for n in orders(fake.shape[1]):
        floor = material.real.floor(partial(ngram_js, held_out, real, n), "ngram_js", n, count)
        settings: Settings = {"held_out": len(held_out), "count": len(fake)}
        yield Number(f"ngram_js_{n}", ngram_js(held_out, fake, n), None, floor, count, settings=settings)


def _words(material: Material) -> Iterable[Number]:
    from steadygan.metrics.ngrams import word_share

    real = material.real
    fake, held_out, train = (real.lines(ids) for ids in (material.samples, real.held_out[0], real.train[0]))
    if not any(line.split() for line in train) or not any(line.split() for line in held_out):
        return
    share, error = word_share(fake, train) if any(line.split() for line in fake) else (0.0, None)
    yield Number("real_words", share, error, word_share(held_out, train).value, len(held_out), better="higher")


MEASURES = (
    Measure("ngrams", "divergence of text's n-grams from held-out lines", "samples", of_text, _ngrams, least=50),
    Measure("words", "share of text's words that training lines have", "samples", of_text, _words, least=50),
)
