"""Usual names of columns: which field of a signal log a column of another tool's log is, by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from steadygan.diagnostics.fields import FIELDS, LOSSES

PREFIX = "signals/"
"""before our fields in a tracker"""
_D = frozenset(["d", "disc", "dis", "discriminator", "critic", "netd", "errd", "lossd", "dloss", "netf"])
_G = frozenset(["g", "gen", "generator", "netg", "errg", "lossg", "gloss"])
_LOSS = frozenset(["loss", "losses", "cost", "err", "error", "errd", "lossd", "dloss", "errg", "lossg", "gloss"])
_OF_A_LOSS = (
    "real fake gp penalty reg r1 r2 pl feat feature fm vgg percep perceptual l1 l2 cycle id idt kl recon rec mel dur "
    "pix pixel style content"
)
_NAMED = frozenset(["discriminator", "critic", "generator"])
"""names that stand for a loss where no other column does, as in StyleGAN2's port to PyTorch"""
_NO_LOSS = "acc accuracy lr grad gradient norm std num min max scores signs scale time"
_PARTS = frozenset(f"{_OF_A_LOSS} {_NO_LOSS}".split())
"""words of a column that is a part of a loss, or no loss"""
_WHOLE = frozenset(["total", "sum", "all"])
"""words of a loss that is the sum of others"""
_GROUPS = frozenset(["train", "training", "metrics", "stats", "log", "logs"])
"""words before the name of a number that say where it is of"""
_ROUNDS = (
    ("round",),
    ("global_step", "trainer_global_step", "total_steps", "total_iters", "n_iter", "niter", "cur_nimg", "nimg"),
    ("iteration", "iterations", "iter", "iters", "itr", "it", "cur_iter"),
    ("step", "steps", "i_step", "batches_done"),
    ("progress_kimg", "kimg", "cur_kimg"),
    ("progress_tick", "tick", "cur_tick"),
    ("epoch", "epochs", "cur_epoch"),
    ("batch", "batch_idx"),
)
_EXACT = {
    "wasserstein": "wasserstein wasserstein_distance wasserstein_estimate w_distance w_dist wdist emd em_distance "
    "earth_mover w1",
    "gap": "gap score_gap",
    "r_t": "loss_signs_real signs_real rt r_t",
    "augmentation": "progress_augment augment_p aug_p ada_p ada_aug_p",
    "equilibrium": "convergence_measure m_global convergence",
}
SHARES = {
    **dict.fromkeys(["classes", "bins_missing", "bins_different", "saturated", "duplicates", "clipped_share"], 1.0),
    "accuracy": 100.0,
}
"""highest numbers of fields that are shares, at least 0; an accuracy may be in percent"""
AMBIGUOUS = frozenset(
    ["score", "classes", "energy", "accuracy", "seen", "rounds", "move", "rise", "area", "response", "augmentation"]
)
"""fields whose names other tools give to other numbers: of these, a column is taken by name only beside our own"""
OWN = 3
"""other fields of ours, besides losses, by which a log is one of a monitor of ours"""
REAL, FAKE = "real_score", "fake_score"
"""the critic's mean scores, of whose difference a gap is made"""
_SCORES = {
    REAL: "d_x real_score real_scores scores_real loss_scores_real d_real_score score_real mean_real_score",
    FAKE: "d_g_z d_g_z1 fake_score fake_scores scores_fake loss_scores_fake d_fake_score score_fake mean_fake_score",
}


def words(name: str) -> tuple[str, ...]:
    """A column's name as lower-case words: 'Loss/D/loss', 'lossD' and 'D_loss' are close to each other."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", _without_run(name))
    return tuple(part for part in re.split(r"[^a-z0-9]+", split.lower()) if part)


def _without_run(name: str) -> str:
    """A column's name without that of a run, which Weights & Biases puts before it: 'my-critic - d_loss'."""
    return name.rpartition(" - ")[2]


def guess(names: Sequence[str]) -> dict[str, str]:
    """Fields to columns, as far as names are usual ones.

    Of several columns that may be a field it is the one with the shortest name, then a total, then the first.
    ``REAL`` and ``FAKE`` are given too, where both are there.
    """
    ours: dict[str, str] = {}
    for name in names:
        ours.setdefault(_without_run(name).removeprefix(PREFIX), name)
    found = {field: name for field, name in ours.items() if field in FIELDS and field != "round"}
    if len(set(found) - AMBIGUOUS - set(LOSSES)) < OWN:
        found = {field: name for field, name in found.items() if field not in AMBIGUOUS or PREFIX in name}
    for field, fits in _TESTS.items():
        columns = [name for name in names if fits(words(name)) and name not in found.values()]
        if field not in found and columns:
            found[field] = min(columns, key=_unlikely)  # the first of equals
    if (REAL in found) != (FAKE in found) or "gap" in found:
        found.pop(REAL, None)
        found.pop(FAKE, None)
    return found


def _unlikely(name: str) -> tuple[bool, int, bool, bool]:
    found = words(name)
    return set(found) <= _NAMED, len(found), not _WHOLE & set(found), found[-1] in ("epoch", "val", "valid", "test")


def round_columns(names: Sequence[str]) -> list[str]:
    """Columns that may number the rounds, the likeliest first."""
    joined = {name: "_".join(words(name)) for name in names}
    found = []
    for usual in _ROUNDS:
        found += [name for name in names if joined[name] in usual]
    ends = ("_step", "_iter", "_iteration", "_epoch")
    found += [name for name in names if name not in found and joined[name].endswith(ends)]
    return found


def _one_of(text: str) -> Callable[[tuple[str, ...]], bool]:
    usual = frozenset(text.split())
    return lambda found: "_".join(found[1:] if found[0:1] and found[0] in _GROUPS else found) in usual


def _loss_of(player: Iterable[str], other: Iterable[str]) -> Callable[[tuple[str, ...]], bool]:
    players, others = frozenset(player), frozenset(other)

    def fits(found: tuple[str, ...]) -> bool:
        here = set(found)
        alone = len(found) == 1 and found[0] in players & {"d", "g", *_NAMED}
        return alone or (bool(here & players and here & _LOSS) and not here & (others | _PARTS))

    return fits


def _norm_of(player: Iterable[str]) -> Callable[[tuple[str, ...]], bool]:
    players = frozenset(player)
    return lambda found: bool(
        set(found) & players and set(found) & {"grad", "gradient", "gradnorm"} and set(found) & {"norm", "gradnorm"}
    )


def _is_score(found: tuple[str, ...]) -> bool:
    return any(re.fullmatch(r"(c?fid|kid|frechet)\d*k?", word) for word in found) and not set(found) & {"std", "num"}


def _is_accuracy(found: tuple[str, ...]) -> bool:
    here = set(found)
    return bool(here & _D and here & {"acc", "accuracy"}) and not here & {"real", "fake"}


_TESTS: dict[str, Callable[[tuple[str, ...]], bool]] = {
    "critic_loss": _loss_of(_D, _G),
    "generator_loss": _loss_of(_G, _D),
    "critic_gradient": _norm_of(_D),
    "generator_gradient": _norm_of(_G),
    "score": _is_score,
    "accuracy": _is_accuracy,
    **{field: _one_of(usual) for field, usual in {**_EXACT, **_SCORES}.items()},
}
