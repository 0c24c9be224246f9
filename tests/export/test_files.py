"""Programs of torch.export, safetensors, and folders for the Hub: read back, they make the run's samples."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import runpy
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

import steadygan as sg
from steadygan import recipe as recipes
from steadygan.data.options import DataOptions
from steadygan.errors import UsageError
from steadygan.export import hub_folder, model_card, pt2, safetensors
from steadygan.export.generator import exportable
from steadygan.export.loader import loader_text
from steadygan.export.page import page
from steadygan.export.recipe_text import data_name, shared_recipe
from steadygan.run.weight_files import read_weights
from steadygan.training.starting import match
from tests.export.untrained import FAMILIES


@pytest.mark.parametrize("family", ["multi-scale", "text"])
def test_a_program_makes_the_samples_of_the_run(family, tmp_path):
    run, path = FAMILIES[family](), tmp_path / "g.pt2"
    facts = pt2.write_pt2(run, path)
    assert facts.parity == 0 and pt2.read_facts(path) == facts
    program = torch.export.load(path).module()
    for count in (1, 7):
        latents, labels = run.latents(count, 2), run.labels(count, 2)
        inputs = {"latents": latents, "labels": labels, "truncation": torch.tensor(1.0)}
        made = program(**{name: inputs[name] for name in facts.inputs})
        made = made if run.sample_spec.is_text else made.round()
        np.testing.assert_array_equal(made.numpy(), run.decode(latents, labels))
    content = path.read_bytes()
    assert b"site-packages" not in content and b"/tests/" not in content and b"/networks/" not in content
    path.write_bytes(content[:300])
    with pytest.raises(UsageError, match="cannot be read"):
        pt2.read_facts(path)


def test_weights_are_those_of_the_run_and_a_training_can_begin_with_them(run, tmp_path):
    path = tmp_path / "g.safetensors"
    facts = safetensors.write_safetensors(run, path)
    saved, own = load_file(path), run.generator.state_dict()
    assert saved.keys() == own.keys() and all(torch.equal(saved[name], own[name]) for name in own)
    assert safetensors.read_facts(path) == facts and facts.parity == 0
    assert match(read_weights(path)[None], own).whole  # what --from FILE goes by
    with pytest.raises(UsageError, match="no file of an exported generator"):
        safetensors.read_facts(run.checkpoint() / "average.safetensors")


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(hub_folder.write_hub_folder, marks=pytest.mark.slow),
        safetensors.write_safetensors,
        page.write_page,
    ],
)
def test_a_run_that_goes_on_meanwhile_is_exported_as_it_was(write, run, tmp_path, monkeypatch):
    """A newer checkpoint takes the place of the one that was read."""
    shutil.copytree(run.folder, tmp_path / "run")
    module, told = sys.modules[write.__module__], []

    def read(of, *which):
        made = exportable(of, *which)
        of.checkpoint(2).rename(of.folder / "checkpoints" / "000003")
        shutil.rmtree(of.checkpoint(1))
        return made

    def onnx(of, made, facts):
        told.append(facts)
        raise UsageError("no ONNX is needed here")

    monkeypatch.setattr(module, "exportable", read)
    monkeypatch.setattr(page, "onnx_bytes", onnx)
    with contextlib.suppress(UsageError):
        told.append(write(sg.Run(tmp_path / "run"), tmp_path / "g.safetensors"))
    assert [facts.round for facts in told] == [2]


@pytest.mark.slow
def test_the_loader_needs_torch_and_safetensors_alone(folder, run):
    """In a process in which this library cannot be imported."""
    path, _ = folder
    code = (
        "import sys; sys.modules['steadygan'] = None\n"
        f"sys.path.insert(0, {str(path)!r})\n"
        "import torch, generator\n"
        "made = generator.generator(latents=torch.linspace(-1, 1, 18).reshape(3, 6), labels=torch.tensor([1, 2, 3]))\n"
        "print(made.flatten().tolist(), generator.sample(5, labels=[4]*5).shape, generator.sample(2, 9).dtype)\n"
        "print(sorted(name for name, module in sys.modules.items() if module and 'steadygan' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, modules = done.stdout.splitlines()
    assert modules == "[]" and "torch.Size([5, 1, 8, 8]) torch.uint8" in first
    made = np.array(json.loads(first[: first.index("]") + 1])).reshape(3, 1, 8, 8)
    expected = run.decode(torch.linspace(-1, 1, 18).reshape(3, 6), torch.tensor([1, 2, 3]))
    np.testing.assert_array_equal(made.round(), expected)
    assert len((path / "generator.py").read_text().splitlines()) <= 24


@pytest.mark.parametrize("family", FAMILIES)
def test_loaders_draw_from_the_prior(family, tmp_path, monkeypatch):
    """With a generator that returns its inputs: their shapes and types are those that the facts name."""
    run = FAMILIES[family]()
    facts = hub_folder.facts_of(run, truncates=family == "StyleGAN2")
    seen = {}

    class Program:
        def module(self):
            return self

        def load_state_dict(self, weights, assign):
            pass

        def __call__(self, **inputs):
            seen.update(inputs)
            made = torch.zeros(len(inputs["latents"]), 3, dtype=torch.int64)
            if facts.alphabet is not None:
                made[:, 1:] = facts.alphabet["padding"]
            return made

    (tmp_path / "facts.json").write_text(json.dumps(facts.to_json()))
    (tmp_path / "generator.py").write_text(loader_text(facts))
    monkeypatch.setattr(torch.export, "load", lambda path: Program())
    monkeypatch.setattr("safetensors.torch.load_file", lambda path: {})
    module = runpy.run_path(str(tmp_path / "generator.py"))
    made = module["sample"](500)
    if facts.alphabet is not None:
        assert made == [facts.alphabet["characters"][0]] * 500  # without the padding, as Run.lines
    assert tuple(seen) == facts.inputs and seen["latents"].shape == (500, facts.latent_size)
    if facts.conditional:
        assert set(seen["labels"].tolist()) == set(range(facts.classes))
    assert abs(seen["latents"].std() - 1) < 0.1


def test_truncated_and_uniform_priors_are_drawn():
    facts = hub_folder.facts_of(FAMILIES["points"](), truncates=False)
    narrow = dataclasses.replace(facts, prior={"name": "TruncatedNormal", "size": 4, "threshold": 0.5})
    rng = torch.Generator().manual_seed(0)
    for text, bound in ((loader_text(narrow), 0.5), (loader_text(_uniform(facts)), 1.0)):
        expression = text.partition('"latents": ')[2].partition("}\n")[0]
        drawn = eval(expression, {"torch": torch, "count": 4000, "rng": rng})
        assert 0.95 * bound < drawn.abs().max() <= bound and abs(drawn.mean()) < 0.02
    assert "def sample(latents):" in loader_text(dataclasses.replace(facts, prior={"name": "Own", "size": 4}))


def _uniform(facts):
    return dataclasses.replace(facts, prior={"name": "Uniform", "size": 4})


def test_the_card_has_data_training_and_numbers_with_intervals(folder, run):
    path, facts = folder
    card = (path / "README.md").read_text()
    head = yaml.safe_load(card.split("---")[1])
    assert head["tags"] == ["gan", "steadygan", "acgan"] and "license" not in head and "# license:" in card
    assert head["pipeline_tag"] == "unconditional-image-generation"
    assert "1,617 to train on, 180 held out" in card and run.data.fingerprint in card
    assert "| frechet | 10.0 | 9.02 to 11.0 | 2.00 | lower is better |" in card  # 10 ± 1.96 0.5
    assert "| recall | 0.250 |  |  | higher is better |" in card and r"a\|b, round 2" in card
    assert "77" not in card.partition("## Numbers")[2]  # of another round
    assert json.loads((path / "facts.json").read_text())["parity"] == facts.parity
    assert {each.name for each in path.iterdir()} - hub_folder.LEFTOVERS <= hub_folder.FILES and (
        path / "samples.png"
    ).is_file()


def test_places_of_this_machine_are_not_told(run, monkeypatch):
    source = "/home/somebody/secret/photos"
    monkeypatch.setattr(run, "recipe", dataclasses.replace(run.recipe, data=DataOptions(source)))
    audit = {**run.data.audit, "source": source, "notes": [f"{source} has 3 of them"], "cache": "/home/somebody/.cache"}
    monkeypatch.setattr(run, "data", dataclasses.replace(run.data, audit=audit))
    facts = hub_folder.facts_of(run, truncates=False)
    card = model_card.model_card(run, facts, "samples.png")
    assert "somebody" not in card + shared_recipe(run) and "photos has 3 of them" in card
    assert recipes.loads(shared_recipe(run)).data.source == "photos"
    assert (
        data_name("hf:a/b") == "hf:a/b" and data_name(r"C:\Users\me\cats") == "cats" and data_name("digits") == "digits"
    )


def test_a_folder_with_other_files_is_not_replaced(folder, run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"mine\.txt"):
        sg.export_generator(run, tmp_path, to="hub-folder", overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    with pytest.raises(UsageError, match="exists"):
        sg.export_generator(run, folder[0], to="hub-folder")
