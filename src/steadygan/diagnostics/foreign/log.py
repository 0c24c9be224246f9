"""Another tool's log as rows of a signal log: its format found, its columns mapped, and what was done in words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steadygan.data.reading import shown
from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.foreign.columns import Mapped, Tallied, mapped, tally
from steadygan.diagnostics.foreign.csv_text import open_csv
from steadygan.diagnostics.foreign.events import is_events, open_events
from steadygan.diagnostics.foreign.json_text import open_json
from steadygan.diagnostics.foreign.looks import looks
from steadygan.diagnostics.foreign.names import FAKE, OWN, REAL
from steadygan.diagnostics.foreign.printed import is_printed, open_printed
from steadygan.diagnostics.foreign.record import Source
from steadygan.diagnostics.foreign.text import encoding_of, head_of
from steadygan.errors import DataError
from steadygan.system.words import counted

_LIST = re.compile(r"\[\s*([{\[\"\]]|[-+\d.eE]+\s*(,|\]\s*$)|$)")
"""the beginning of a JSON list, and not of '[0/5]' or '[Epoch 0]'"""


@dataclass(frozen=True)
class ForeignLog:
    """A log of another tool."""

    rows: tuple[Row, ...]
    kind: str
    """'CSV', 'JSON lines', 'JSON', 'printed lines' or 'TensorBoard events'"""
    columns: Mapping[str, str]
    """field to column"""
    notes: tuple[str, ...]
    """what was read as what, in lines"""


def is_log(path: Path) -> bool:
    """True for a file, and for a folder with TensorBoard's events."""
    try:
        return (path.exists() and not path.is_dir()) or is_events(path)
    except (OSError, ValueError):
        return False


def read(path: str | Path, columns: Mapping[str, str] | None = None, planned: int | None = None) -> ForeignLog:
    """Reads a log.

    Args:
        path: of a CSV, JSON or event file, of printed lines, or of a folder with event files
        columns: field of ``fields.FIELDS`` to column, where names are not usual ones; also real_score and fake_score,
            of whose difference a gap is made
        planned: rounds of the training, if known

    Raises:
        UsageError, DataError: one line.
    """
    path = Path(path)
    source = _open(path)
    found = tally(source.records())
    if not found.rows:
        raise DataError(f"'{shown(path)}' has no rows")
    fields = mapped(found, dict(columns or {}), f"'{shown(path)}'")
    begins_again = fields.epoch is not None or fields.restarts
    span = found.columns[fields.fields["round"]].high + 1 if begins_again else 0.0
    made = looks(source.records(), fields, span, planned)
    rows = made.rows()
    notes = [f"{source.kind}, {found.rows:,} rows, read as {len(rows):,} looks", *source.notes]
    notes += _on_columns(fields, found)
    notes += made.notes()
    if made.returns:
        notes.append(f"rounds go back {made.returns:,} times, as in a training that was resumed: the later rows count")
    if not rows:
        raise DataError(f"'{shown(path)}' has no row with a round")
    return ForeignLog(rows, source.kind, fields.fields, tuple(notes))


def _open(path: Path) -> Source:
    if is_events(path):
        return open_events(path)
    head = head_of(path).decode(encoding_of(path), "replace").lstrip("\ufeff \t\r\n")
    if head.startswith("{") or _LIST.match(head):
        return open_json(path)
    return open_printed(path) if is_printed(path) else open_csv(path)


def _on_columns(fields: Mapped, found: Tallied) -> list[str]:
    """What the columns were taken for, in lines."""
    guessed = {name: column for name, column in fields.fields.items() if name not in fields.given}
    if sum(name == column for name, column in guessed.items()) > OWN:  # a log of a monitor of ours
        guessed = {name: column for name, column in guessed.items() if name != column}
    notes = []
    if guessed:
        words = (shlex.quote(f"{name}={column}") for name, column in guessed.items())
        notes.append(f"guessed by name: --columns {' '.join(words)}")
    if fields.unusable:
        notes.append(f"{fields.unusable}, so that it does not number the rounds: rows are counted")
    elif "round" not in fields.fields:
        notes.append("no column numbers the rounds: rows are counted")
    elif fields.epoch is not None:
        notes.append(f"'{fields.fields['round']}' begins again with each '{fields.epoch}': rounds are counted through")
    elif fields.restarts:
        times = counted(found.columns[fields.fields["round"]].returns, "time")
        notes.append(f"'{fields.fields['round']}' begins again {times}: rounds are counted through")
    elif fields.scale != 1:
        notes.append(f"'{fields.fields['round']}' counts thousands: rounds are images")
    if REAL in fields.fields:
        notes.append(f"gap is {fields.fields[REAL]} - {fields.fields[FAKE]}, of training batches")
    if fields.factors.get("wasserstein") == -1:
        notes.append(
            f"'{fields.fields['wasserstein']}' is below 0 throughout, as a critic's loss is: its sign is turned"
        )
    if "accuracy" in fields.factors:
        notes.append(f"'{fields.fields['accuracy']}' is in percent")
    texts = [name for name in fields.fields.values() if name in found.columns and found.columns[name].texts]
    if texts:
        notes.append(f"cells that are no numbers are left out, in {', '.join(texts[:3])}")
    return notes
