"""Facts of a run's data: to their file and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadygan.data.open import open_data
from steadygan.data.options import DataOptions
from steadygan.data.text.alphabet import Alphabet
from steadygan.errors import RunError
from steadygan.run.data_facts import DataFacts
from steadygan.run.environment import Environment
from steadygan.types import SampleSpec
from tests.run.written import written


@pytest.mark.parametrize("source", ["digits", "8gaussians"])
def test_facts_of_data_come_back_from_their_file(tmp_path: Path, source: str) -> None:
    dataset = open_data(DataOptions(source=source))
    facts = DataFacts.read(written(tmp_path / "data.json", DataFacts.of(dataset)))
    assert (facts.fingerprint, facts.sample, facts.class_names) == (
        dataset.fingerprint,
        dataset.sample,
        tuple(dataset.class_names),
    )
    assert list(facts.to_json()) == list(DataFacts.of(dataset).to_json())
    assert json.dumps(facts.to_json()) == json.dumps(DataFacts.of(dataset).to_json())


def test_an_alphabet_comes_back_too(tmp_path: Path) -> None:
    facts = DataFacts("0" * 64, SampleSpec((4, 8)), alphabet=Alphabet("?`ab"), audit={"name": "lines"})
    read = DataFacts.read(written(tmp_path / "data.json", facts))
    assert read.alphabet == facts.alphabet
    assert read.to_json() == facts.to_json()


@pytest.mark.parametrize(
    ("content", "said"),
    [("{torn", "no valid JSON"), ("[]", "it holds no object"), ('{"python": "3.11"}', "it has no '")],
)
@pytest.mark.parametrize(("kind", "name"), [(Environment, "environment.json"), (DataFacts, "data.json")])
def test_a_damaged_file_is_one_line(
    tmp_path: Path, kind: type[Environment | DataFacts], name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(RunError, match=f"{name} is damaged: {said}"):
        kind.read(tmp_path)
    with pytest.raises(RunError, match="cannot be read"):
        kind.read(tmp_path / "nowhere")
