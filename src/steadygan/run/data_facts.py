"""What a run knows of its data, data.json: fingerprint, sample shape, classes, alphabet, and the audit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.data.text.alphabet import Alphabet
from steadygan.data.units import Units
from steadygan.errors import RunError
from steadygan.run import layout
from steadygan.system.files import read_json_object
from steadygan.types import SampleSpec, kind_of_shape

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
        try:
            alphabet, units, sample = content.get("alphabet"), content.get("units"), content["sample"]
            return cls(
                fingerprint=content["fingerprint"],
                sample=SampleSpec(tuple(sample["shape"]), sample["classes"], sample.get("kind", "")),
                class_names=tuple(content.get("class_names", ())),
                alphabet=None if alphabet is None else Alphabet(**alphabet),
                units=None if units is None else Units.from_json(units),
                audit={name: value for name, value in content.items() if name not in _KNOWN},
            )
        except KeyError as error:
            raise RunError(f"{path} is damaged: it has no {error}") from None
        except TypeError as error:
            raise RunError(f"{path} is damaged: {error}") from None


def _sample_to_json(sample: SampleSpec) -> dict[str, Any]:
    """Shape and classes; the kind only where the shape does not say it."""
    plain: dict[str, Any] = {"shape": list(sample.shape), "classes": sample.classes}
    return plain if sample.kind == kind_of_shape(sample.shape) else {**plain, "kind": sample.kind}
