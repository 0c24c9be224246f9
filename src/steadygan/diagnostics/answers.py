"""Answers to what users of GANs ask, in plain words, from a log and its diagnosis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Literal, get_args

import numpy as np

from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.findings import Diagnosis, Finding, VerdictName
from steadygan.diagnostics.history import History, Series
from steadygan.diagnostics.judge import allows, in_order, judge
from steadygan.diagnostics.verdicts.evidence import CLAUSES, said, short
from steadygan.diagnostics.verdicts.levels import Levels
from steadygan.diagnostics.words import SENTENCES

Question = Literal["collapse", "loss", "stop", "data", "nan", "critic"]
QUESTIONS: dict[Question, str] = {
    "collapse": "Is this mode collapse?",
    "loss": "How do I read this loss?",
    "stop": "When do I stop?",
    "data": "Do I have enough data?",
    "nan": "Why is there NaN?",
    "critic": "Is the critic too strong?",
}
JUMP = 6.0
"""median absolute deviations from the running median that make a jump; noise of a normal kind has one in 20,000"""
LEAST = 0.02
"""such a deviation, at least, as a share of the loss' usual size"""
PATIENCE = 0.2
"""share of the rounds done in which a training that goes on gets better"""
ENDED = 0.1
"""share of the rounds done, the last ones, that a loss has no number in"""


def answer(question: Question, rows: Iterable[Row] | History, diagnosis: Diagnosis | None = None) -> str:
    """The answer to a question, in a few sentences.

    Args:
        question: one of ``QUESTIONS``
        rows: the log
        diagnosis: of it; None: judged here
    """
    history = rows if isinstance(rows, History) else History(in_order(rows))
    return _ANSWERS[question](history, diagnosis or judge(history))


def answers(rows: Iterable[Row] | History) -> dict[Question, str]:
    """All answers, by question."""
    history = rows if isinstance(rows, History) else History(in_order(rows))
    diagnosis = judge(history)
    return {question: answer(question, history, diagnosis) for question in get_args(Question)}


def _collapse(history: History, diagnosis: Diagnosis) -> str:
    found = _found(diagnosis, "full_collapse", "partial_collapse")
    if found is not None:
        return f"{SENTENCES[found.verdict]} Since round {found.since:,}: {_because(found)}."
    if "partial_collapse" not in allows(history):
        return f"The log does not say: it has nothing of samples. Needed: {_names('distance_ratio', 'bins_missing')}."
    levels = Levels(history)
    evidence = "; ".join(each.text for each in said(levels, "distance_ratio", "bins_missing", "classes"))
    if diagnosis.main.verdict == "too_early":
        return f"Too early to say: early samples are alike in every training. So far {evidence}."
    return f"No: {evidence}." if evidence else "The newest looks have nothing of samples."


def _loss(history: History, diagnosis: Diagnosis) -> str:
    sentences = []
    for field in ("critic_loss", "generator_loss"):
        rounds = jumps(history[field])
        if rounds:
            where = ", ".join(f"{round_:,}" for round_ in rounds[:3]) + (", …" if len(rounds) > 3 else "")
            sentences.append(
                f"The {field.replace('_', ' ')} jumps at round {where}; a jump is no fault: look at the samples, and "
                "let it go on [lesson 2]."
            )
    wasserstein = history["wasserstein"]
    if wasserstein:
        now = wasserstein.median(5)
        first = Series(wasserstein.rounds[:5], wasserstein.values[:5]).median()
        way = "falls, as it should while samples improve" if now < first else "does not fall"
        sentences.append(
            f"The Wasserstein estimate on fresh samples {way}: {short(first)} at first, {short(now)} now. It means "
            "something while slopes of the critic are near 1."
        )
    elif history["critic_loss"] or history["generator_loss"]:
        sentences.append(
            "Losses of this kind measure one network against the other, not the samples: they may rise while samples "
            "improve, and a generator's loss that is higher than the critic's is usual [lessons 2 and 9]."
        )
    else:
        sentences.append("The log has no losses.")
    if diagnosis.main.verdict == "diverged":
        sentences.append(f"This time it is more than a jump: {_because(diagnosis.main)}.")
    return " ".join(sentences)


def _stop(history: History, diagnosis: Diagnosis) -> str:
    score, main = history["score"], diagnosis.main
    if diagnosis.sick and main.verdict not in ("critic_overfitting", "memorisation", "too_little_data"):
        return f"Now, to change something: {SENTENCES[main.verdict]} It has been so since round {main.since:,}."
    if not score:
        return (
            "The log has no distances of samples from the data (score), and losses do not tell [lesson 2]. Samples of "
            "fixed latents show it: stop when they no longer get better."
        )
    best = int(np.argmin(score.values))
    best_round, best_value = int(score.rounds[best]), float(score.values[best])
    at = f"{short(best_value)} at round {best_round:,}"
    if history.round - best_round > PATIENCE * history.round and len(score.rounds) >= 5:
        overfits = " The critic overfits meanwhile." if main.verdict == "critic_overfitting" else ""
        return f"Now: samples were nearest to the data with {at}, and have not been since.{overfits} Take that round."
    return f"Not yet: samples were nearest to the data with {at}, which is not long ago."


def _data(history: History, diagnosis: Diagnosis) -> str:
    found = _found(diagnosis, "data_fault", "too_little_data", "critic_overfitting", "memorisation")
    if found is not None:
        return f"{SENTENCES[found.verdict]} {_sentence(_because(found))}."
    levels = Levels(history)
    known = list(said(levels, "training_samples", "r_v", "copy_ratio", "augmentation"))
    shown = [each for each in known if each.field != "training_samples"]
    if not shown:
        return (
            "The log does not say: it shows in scores of held-out samples (r_v) and distances (copy_ratio). As a rule "
            "256 px faces want 30,000 pictures, or 5,000 with augmentation."
        )
    return f"So far it is enough: {'; '.join(each.text for each in known)}."


def _nan(history: History, diagnosis: Diagnosis) -> str:
    found = _found(diagnosis, "diverged")
    if found is None:
        ended = [
            f" {field} has no number after round {int(history[field].rounds[-1]):,}, of {history.round:,}."
            for field in ("critic_loss", "generator_loss", "gap")
            if history[field] and history[field].rounds[-1] < (1 - ENDED) * history.round
        ]
        return f"None is seen: the numbers that were read are finite and none grows without end.{''.join(ended)}"
    levels = Levels(history)
    before = []
    for field in ("slope_between", "critic_gradient", "generator_gradient", "gap", "critic_update", "generator_update"):
        series = history[field]
        size = np.abs(series.values[np.isfinite(series.values)])
        if len(size) >= 3 and size[-1] > 10 * np.median(size) and field in CLAUSES:
            before.append(f"{field} had grown to {short(float(size[-1]))} from {short(float(np.median(size)))}")
    grown = f" Before it, {'; '.join(before)}." if before else ""
    rule = "The usual reasons are a rate that is too high, a root or logarithm at 0, and 16-bit numbers."
    return f"{_sentence(_because(found))}.{grown} {rule}" if levels.looks else rule


def _critic(history: History, diagnosis: Diagnosis) -> str:
    found = _found(diagnosis, "critic_too_strong")
    if found is not None:
        return f"Yes: {_because(found)}. More filters for the generator are not the cure [lesson 1]."
    weak = _found(diagnosis, "critic_too_weak")
    if weak is not None:
        return f"No, it is too weak: {_because(weak)}."
    if not (history["accuracy"] and (history["generator_gradient"] or history["derivative"])):
        known = [each.text for each in said(Levels(history), "accuracy")]
        return (
            f"The log does not say: it needs {_names('accuracy', 'generator_gradient', joint='and')}"
            f"{f'; {known[0]}' if known else ''}. A low loss alone is no sign."
        )
    evidence = said(Levels(history), "accuracy", "generator_gradient", "derivative")
    return (
        f"No: {'; '.join(each.text for each in evidence)}. A critic that tells all apart is usual early, and no harm "
        "while the generator has a gradient."
    )


def jumps(series: Series) -> list[int]:
    """Rounds at which a loss jumps: far from its neighbours, and back; its first looks, when it falls, do not count."""
    values = series.values
    if len(values) < 7:
        return []
    from steadygan.diagnostics.signals.curves import median_filter

    with np.errstate(all="ignore"):
        rest = np.abs(values - median_filter(values, 5))
        usual = float(np.nanmedian(rest[np.isfinite(rest)])) if np.isfinite(rest).any() else math.nan
        limit = JUMP * 1.4826 * max(usual, LEAST * float(np.nanmedian(np.abs(values))))
        aside = np.zeros(len(values), dtype=bool)  # on one side of both neighbours
        aside[1:-1] = (values[1:-1] - values[:-2]) * (values[1:-1] - values[2:]) > 0
        aside[: max(2, len(values) // 10)] = False
        return [int(round_) for round_ in series.rounds[aside & np.isfinite(rest) & (rest > limit)]]


def _found(diagnosis: Diagnosis, *verdicts: VerdictName) -> Finding | None:
    return next((finding for finding in diagnosis.findings if finding.verdict in verdicts), None)


def _because(finding: Finding) -> str:
    return "; ".join(each.text for each in finding.evidence)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _names(*fields: str, joint: str = "or") -> str:
    return f" {joint} ".join(fields)


_ANSWERS: dict[Question, Callable[[History, Diagnosis], str]] = {
    "collapse": _collapse,
    "loss": _loss,
    "stop": _stop,
    "data": _data,
    "nan": _nan,
    "critic": _critic,
}
