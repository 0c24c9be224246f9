"""A diagnosis in plain words, for a terminal, a live display and a file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from steadygan.diagnostics.advice import Change, command
from steadygan.diagnostics.findings import Diagnosis, Finding, VerdictName

SENTENCES: dict[VerdictName, str] = {
    "diverged": "The training has diverged: its numbers grow without end or are not finite.",
    "data_fault": "Something is wrong with the data; what the networks do with it tells little.",
    "full_collapse": "This is mode collapse: nearly all samples are the same.",
    "partial_collapse": "This is partial mode collapse: parts of the data have no samples.",
    "generator_stalled": "The generator stands still though its samples are far from the data.",
    "critic_too_strong": "The critic is too strong: it tells all samples apart and gives the generator no gradient.",
    "critic_too_weak": "The critic is too weak: it does not see how samples differ from the data.",
    "vanishing_gradient": "The critic's gradient vanishes, so the generator learns nothing from it.",
    "exploding_gradient": "The critic's gradient explodes.",
    "clipping": "Clipping its weights takes the critic's capacity.",
    "lipschitz_not_held": "The critic is far too steep for a Wasserstein loss: its constraint is not held.",
    "critic_overfitting": "The critic overfits: it knows its training samples by heart.",
    "memorisation": "The generator copies training samples.",
    "augmentation_exhausted": "The adaptive augmentation is at its limit, and the critic overfits all the same.",
    "too_little_data": "There is too little data for this training.",
    "oscillation": "The training goes around in circles: samples move far and get nowhere.",
    "checkerboard": "The samples have a checkerboard pattern, which comes of the generator's upsampling.",
    "healthy": "The training looks healthy.",
    "too_early": "It is too early to say.",
}
NAMES: dict[VerdictName, str] = {
    "diverged": "diverged",
    "data_fault": "fault of the data",
    "full_collapse": "mode collapse",
    "partial_collapse": "partial mode collapse",
    "generator_stalled": "generator stands still",
    "critic_too_strong": "critic too strong",
    "critic_too_weak": "critic too weak",
    "vanishing_gradient": "gradient vanishes",
    "exploding_gradient": "gradient explodes",
    "clipping": "clipping takes capacity",
    "lipschitz_not_held": "critic too steep",
    "critic_overfitting": "critic overfits",
    "memorisation": "copies training samples",
    "augmentation_exhausted": "augmentation exhausted",
    "too_little_data": "too little data",
    "oscillation": "goes around in circles",
    "checkerboard": "checkerboard",
    "healthy": "healthy",
    "too_early": "too early to say",
}


def lines(diagnosis: Diagnosis, changes: Iterable[Change] = (), folder: str | Path | None = None) -> list[str]:
    """The diagnosis in lines: the verdict, how sure and since when, its evidence, and what to change.

    Args:
        diagnosis: of ``judge``
        changes: of ``advice.changes``
        folder: of the run, for changes as commands; None: changes in words alone
    """
    main, *others = diagnosis.findings
    found = [SENTENCES[main.verdict], f"  {_how_sure(main, diagnosis.round)}"]
    found += [f"  - {evidence.text}" for evidence in main.evidence]
    found += [f"  source: {main.source}"] if main.source and diagnosis.sick else []
    found += [f"  also: {also(finding)}" for finding in others]
    found += change_lines(changes, folder)
    return found


def change_lines(changes: Iterable[Change], folder: str | Path | None) -> list[str]:
    """What to change, the most promising first, with commands if the run's folder is known."""
    found = []
    for index, change in enumerate(changes):
        found += ["What to change, the most promising first:"] if not index else []
        found.append(f"  {index + 1}. {change.text}: {change.why}")
        if folder is not None:
            found.append(f"     {command(change, folder)}")
    return found


def one_line(diagnosis: Diagnosis) -> str:
    """The diagnosis in one short line: 'mode collapse (82%, since round 1,200): samples differ 0.01 times as ...'."""
    main = diagnosis.main
    if main.verdict == "too_early":
        return f"{NAMES[main.verdict]}: {main.evidence[0].text}" if main.evidence else NAMES[main.verdict]
    clause = f": {main.evidence[0].text}" if main.evidence else ""
    return f"{NAMES[main.verdict]} ({_percent(main.confidence)}, since round {main.since:,}){clause}"


def also(finding: Finding) -> str:
    """A further finding in a few words."""
    evidence = f": {finding.evidence[0].text}" if finding.evidence else ""
    return f"{NAMES[finding.verdict]} ({_percent(finding.confidence)}){evidence}"


def to_json(diagnosis: Diagnosis, changes: Sequence[Change] = (), folder: str | Path | None = None) -> dict[str, Any]:
    """The diagnosis as plain data; numbers that are not finite as 'inf' and '-inf'."""
    return {
        "round": diagnosis.round,
        "verdict": diagnosis.main.verdict,
        "sick": diagnosis.sick,
        "sentence": SENTENCES[diagnosis.main.verdict],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "changes": [
            {
                "text": change.text,
                "why": change.why,
                "fields": dict(change.fields),
                **({} if folder is None else {"command": command(change, folder)}),
            }
            for change in changes
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "verdict": finding.verdict,
        "name": NAMES[finding.verdict],
        "since": finding.since,
        "confidence": finding.confidence,
        "evidence": [
            {"field": each.field, "value": _plain(each.value), "text": each.text} for each in finding.evidence
        ],
        "source": finding.source,
    }


def _plain(value: float | str) -> float | str | None:
    if isinstance(value, str) or math.isfinite(value):
        return value
    return None if math.isnan(value) else "inf" if value > 0 else "-inf"


def _how_sure(finding: Finding, round_: int) -> str:
    if finding.verdict == "too_early":
        return f"Looked at up to round {round_:,}:"
    sure = "quite sure" if finding.confidence >= 0.8 else "likely" if finding.confidence >= 0.55 else "possible"
    return f"{sure} ({_percent(finding.confidence)}), since round {finding.since:,} of {round_:,}, because"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
