"""One line of judgement on a run that goes on, from a few numbers."""

from __future__ import annotations

from dataclasses import dataclass

EARLY = 0.1
"""share of the planned rounds below which nothing is said of the generated ones: they vary little at the start"""
FEW = 2000
"""samples seen, below which likewise: a run of few rounds has hardly begun when a tenth of them is done"""
ALIKE = 0.25
"""spread of generated samples over that of the data, below which they look alike"""
SETTLED = 0.15
"""change of the samples of fixed latents, relative to that of other samples, below which they hardly change"""


@dataclass(frozen=True)
class Signs:
    """What a judgement is made from."""

    share: float
    """of the planned rounds that are done, 0 to 1"""
    seen: int | None = None
    """samples of the data that were seen; None: not known"""
    finite: bool = True
    """False once a loss was not"""
    spread: float | None = None
    """of the generated samples, as a multiple of the data's; None: not known"""
    spreading: bool = False
    """True if it has grown of late"""
    change: float | None = None
    """root mean square difference of samples from earlier ones of the same latents, over that of two independent
    samples (1: they have nothing in common); None: there are none to compare with"""


def judgement(signs: Signs, what: str = "samples") -> str:
    """The line; '' if nothing is known.

    what: the run trains on: 'images', 'samples'
    """
    if not signs.finite:
        return "a loss is not finite"
    if signs.share < EARLY:
        return f"too early to say ({int(100 * signs.share)}% of the planned rounds)"
    if signs.seen is not None and signs.seen < FEW:
        return f"too early to say (fewer than {FEW:,} {what} seen)"
    if signs.spread is not None and signs.spread < ALIKE:
        less = ", but less and less" * signs.spreading
        return f"samples look alike{less}: they vary {signs.spread:.2g} times as much as the data"
    if signs.change is None:
        return ""
    return "samples still change" if signs.change >= SETTLED else "samples hardly change any more"
