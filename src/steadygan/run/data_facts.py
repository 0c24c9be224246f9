"""What a run knows of its data, data.json: fingerprint, sample shape, classes, alphabet, and the audit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from steadygan.data.text.alphabet import Alphabet
from steadygan.data.units import Units
from steadygan.errors import RunError
from steadygan.run import layout
from steadygan.run.fields import Fields
from steadygan.system.files import read_json_object
from steadygan.types import SampleKind, SampleSpec, kind_of_shape

if TYPE_CHECKING:
    from steadygan.data import Dataset

_KNOWN = ("fingerprint", "sample", "class_names", "units")


@dataclass(frozen=True)
class DataFacts:
    """What is known of the data that a run was trained on."""

    fingerprint: str
    """hash of the data's content"""
    sample: SampleSpec
    class_names: tuple[str, ...] = ()
    alphabet: Alphabet | None = None
    """of text"""
    units: Units | None = None
    """of numbers that were scaled for training: the way back"""
    audit: Mapping[str, Any] = field(default_factory=dict)
    """the audit's findings as plain data; the data's name alone if there was no audit"""

    @classmethod
    def of(cls, dataset: Dataset) -> DataFacts:
        """The facts of an opened data set."""
        return cls(
            fingerprint=dataset.fingerprint,
            sample=dataset.sample,
            class_names=tuple(dataset.class_names),
            alphabet=dataset.alphabet,
            units=dataset.units,
            audit=dataset.audit.to_json() if dataset.audit is not None else {"name": dataset.name},
        )

    def to_json(self) -> dict[str, Any]:
        """What data.json holds."""
        known: dict[str, Any] = {
            "fingerprint": self.fingerprint,
            "sample": _sample_to_json(self.sample),
            "class_names": list(self.class_names),
        }
        if self.alphabet is not None:
            known["alphabet"] = dataclasses.asdict(self.alphabet)
        if self.units is not None:
            known["units"] = self.units.to_json()
        return {**self.audit, **known}

    @classmethod
    def read(cls, folder: Path) -> DataFacts:
        """The facts of the run in a folder.

        Raises:
            RunError: one line, for a file that is missing or damaged.
        """
        path = folder / layout.DATA
        content = read_json_object(path)
        fields = Fields(content, path)
        sample = fields.inner("sample")
        try:
            return cls(
                fingerprint=fields.text("fingerprint"),
                sample=SampleSpec(sample.wholes("shape", 1), sample.whole("classes"), _kind(sample) or ""),
                class_names=fields.texts("class_names") if fields.has("class_names") else (),
                alphabet=_alphabet(fields.inner("alphabet")) if fields.has("alphabet") else None,
                units=_units(fields.inner("units")) if fields.has("units") else None,
                audit={name: value for name, value in content.items() if name not in _KNOWN},
            )
        except (ValueError, TypeError) as error:
            raise RunError(f"{path} is damaged: {error}") from None


def _alphabet(fields: Fields) -> Alphabet:
    known = {field.name for field in dataclasses.fields(Alphabet)}
    unknown = fields.content.keys() - known
    if unknown:
        raise RunError(f"{fields.path} is damaged: an alphabet has no '{min(unknown)[:60]}'")
    return Alphabet(**fields.content)


def _kind(sample: Fields) -> SampleKind | None:
    """The kind of a sample, None where its shape says it."""
    kind: SampleKind | None = sample.one_of("kind", get_args(SampleKind)) if sample.has("kind") else None
    return kind


def _units(fields: Fields) -> Units:
    try:
        return Units.from_json(fields.content)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{fields.path} is damaged: units: {error}") from None


def _sample_to_json(sample: SampleSpec) -> dict[str, Any]:
    """Shape and classes; the kind only where the shape does not say it."""
    plain: dict[str, Any] = {"shape": list(sample.shape), "classes": sample.classes}
    return plain if sample.kind == kind_of_shape(sample.shape) else {**plain, "kind": sample.kind}
