"""The outcome of a trial as files: result.json, and arrays.npz beside it; the result is written last, at once."""

from __future__ import annotations

import dataclasses
import io
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from steadygan.errors import RunError
from steadygan.run.fields import Fields
from steadygan.run.hashes import is_sealed, mark_of, sealed
from steadygan.studies import layout
from steadygan.studies.trial import Outcome, Setting
from steadygan.system.files import describe, read_json_object, write_json, writing, written_aside
from steadygan.system.regular import read_regular

FORMAT = 1
_MOST_BYTES = 1 << 28
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_FLOAT = "float"
"""key of what JSON has no number for: {"float": "nan"}"""


@dataclass(frozen=True)
class Record:
    """A finished trial: what it measured, or why it failed, and where and how it was carried out."""

    settings: Mapping[str, Setting]
    seed: int
    rounds: int
    values: Outcome = dataclasses.field(default_factory=dict)
    failure: str | None = None
    """the error in one line"""
    seconds: float = 0.0
    """that it took, with what it took until it was stopped"""
    run: bool = False
    """True if its folder holds a training"""
    made: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """processor, versions, threads, command"""


def is_finished(folder: Path) -> bool:
    """True if the trial in the folder has a result."""
    return (folder / layout.RESULT).is_file()


def write(folder: Path, record: Record) -> None:
    """Writes the outcome; a trial whose process ends meanwhile has none.

    Raises:
        RunError: one line, if it cannot be written.
        TypeError: for values that are no numbers, words, lists or arrays.
    """
    arrays = {name: value for name, value in record.values.items() if isinstance(value, np.ndarray)}
    plain = {name: _plain(value) for name, value in record.values.items() if name not in arrays}
    content: dict[str, Any] = {
        "format": FORMAT,
        "settings": _plain(dict(record.settings)),
        "seed": record.seed,
        "rounds": record.rounds,
        "values": plain,
        "arrays": None,
        "failure": record.failure,
        "seconds": record.seconds,
        "run": record.run,
        "made": dict(record.made),
    }
    if arrays:
        packed = _packed(arrays)
        with writing(folder / layout.ARRAYS), written_aside(folder / layout.ARRAYS, durable=True) as aside:
            aside.write_bytes(packed)
        content["arrays"] = mark_of(packed).to_json()
    write_json(folder / layout.RESULT, sealed(content))


def read(folder: Path) -> Record:
    """The outcome of a finished trial.

    Raises:
        RunError: one line, for files that are damaged.
    """
    path = folder / layout.RESULT
    content = read_json_object(path)
    if not is_sealed(content):
        raise RunError(f"{path} is damaged: its content does not fit its hash")
    fields = Fields(content, path)
    fields.one_of("format", (FORMAT,))
    values = {name: _restored(value) for name, value in fields.inner("values").content.items()}
    if fields.has("arrays"):
        values |= _arrays(folder / layout.ARRAYS, fields.inner("arrays"))
    return Record(
        settings={name: _restored(value) for name, value in fields.inner("settings").content.items()},
        seed=fields.whole("seed"),
        rounds=fields.whole("rounds"),
        values=values,
        failure=fields.optional_text("failure"),
        seconds=fields.number("seconds"),
        run=bool(content.get("run")),
        made=fields.inner("made").content,
    )


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT: str(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value) and _FLOAT not in value:
        return {key: _plain(item) for key, item in value.items()}
    raise TypeError(f"a trial measured {type(value).__name__}; allowed: numbers, words, lists of them, arrays of numpy")


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {_FLOAT}:
            return _FLOATS.get(str(value[_FLOAT]), math.nan)
        return {key: _restored(item) for key, item in value.items()}
    return value


def _packed(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """The arrays as a .npz file whose bytes are a function of them: without a time in it."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"the array '{name}' holds objects; allowed: numbers and words")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _arrays(path: Path, mark: Fields) -> dict[str, Any]:
    try:
        content = read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {describe(error)}") from None
    if mark_of(content).to_json() != dict(mark.content):
        raise RunError(f"{path} is damaged: its content does not fit its hash")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise RunError(f"{path} is damaged: {error}") from None
