"""Trouble: a training that had to stop because of what it had become, with its verdict."""

from __future__ import annotations

from steadygan.errors import RunError


class Trouble(RunError):
    """A run that stopped since going on would be for nothing; a remedy may follow."""

    def __init__(self, line: str, verdict: str, round_: int, since: int, evidence: str = "") -> None:
        """
        Args:
            line: the error's one line
            verdict: what the training has, such as 'diverged'
            round_: when it stopped
            since: the first round that is not healthy any more
            evidence: what the verdict rests on, in words; '': the line has it
        """
        super().__init__(line)
        self.verdict = verdict
        self.round = round_
        self.since = since
        self.evidence = evidence or line
