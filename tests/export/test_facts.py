"""The facts of an export: plain data that come back, whatever names a run has."""

from __future__ import annotations

import dataclasses
import json

import pytest

from steadygan.errors import UsageError
from steadygan.export.facts import ExportFacts, facts_of
from steadygan.priors import TruncatedNormal
from tests.export.untrained import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_facts_come_back(family):
    facts = facts_of(FAMILIES[family](), truncates=family == "StyleGAN2")
    plain = json.loads(json.dumps(facts.to_json()))
    assert ExportFacts.of_metadata(facts.metadata()) == facts == ExportFacts.from_json(plain)
    assert facts.inputs[0] == "latents" and ("labels" in facts.inputs) == bool(facts.classes)
    assert facts.fixed_noise == facts.truncation == (family == "StyleGAN2")
    assert (facts.alphabet is not None) == (family == "text")


def test_names_that_are_no_utf_8_are_stored():
    run = FAMILIES["images with labels"]()
    run.data.class_names = ("caf\udce9", "\x1b[2J", *"cdefghij")
    facts = facts_of(run, truncates=False)
    text = facts.metadata()["steadygan"]
    assert text.isascii() and ExportFacts.of_metadata(facts.metadata()).class_names == run.class_names


def test_a_prior_of_the_users_own_is_named_with_its_module():
    @dataclasses.dataclass(frozen=True)
    class Normal(TruncatedNormal):
        size: int = 4
        extra: object = object

    run = FAMILIES["points"]()
    run.recipe = dataclasses.replace(run.recipe, prior=Normal())
    prior = facts_of(run, truncates=False).prior
    assert prior["name"].endswith("Normal") and "test_facts" in prior["name"] and set(prior) == {"name", "size"}


def test_parameters_of_priors_are_told():
    run = FAMILIES["points"]()
    run.recipe = dataclasses.replace(run.recipe, prior=TruncatedNormal(4, 0.5))
    assert facts_of(run, truncates=False).prior == {"name": "TruncatedNormal", "size": 4, "threshold": 0.5}


@pytest.mark.parametrize("content", ["", "[]", "1", '{"kind": "picture"}', "{"])
def test_other_metadata_are_refused(content):
    with pytest.raises(UsageError):
        ExportFacts.of_metadata({"steadygan": content})
