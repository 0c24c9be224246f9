"""What a run knows of its data, data.json: fingerprint, sample shape, classes, alphabet, and the audit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadygan.data.text.alphabet import Alphabet
from steadygan.errors import RunError
from steadygan.run import layout
from steadygan.run.fields import Fields
from steadygan.system.files import read_json_object
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.data import Dataset

_KNOWN = ("fingerprint", "sample", "class_names")


@dataclass(frozen=True)
class DataFacts:
    """What is known of the data that a run was trained on."""

    fingerprint: str
    """hash of the data's content"""
    sample: SampleSpec
    class_names: tuple[str, ...] = ()
    alphabet: Alphabet | None = None
    """of text"""
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
            audit=dataset.audit.to_json() if dataset.audit is not None else {"name": dataset.name},
        )

    def to_json(self) -> dict[str, Any]:
        """What data.json holds."""
        known: dict[str, Any] = {
            "fingerprint": self.fingerprint,
            "sample": {"shape": list(self.sample.shape), "classes": self.sample.classes},
            "class_names": list(self.class_names),
        }
        if self.alphabet is not None:
            known["alphabet"] = dataclasses.asdict(self.alphabet)
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
                sample=SampleSpec(sample.wholes("shape", 1), sample.whole("classes")),
                class_names=fields.texts("class_names") if fields.has("class_names") else (),
                alphabet=_alphabet(fields.inner("alphabet")) if fields.has("alphabet") else None,
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
