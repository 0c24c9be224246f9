"""ONNX files: samples by onnxruntime are those of the run, for each family and any number of samples."""

from __future__ import annotations

import copy
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.export import onnx as onnx_files
from steadygan.export.facts import ExportFacts
from tests.export.untrained import FAMILIES


def opened(path):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_are_those_of_the_run(family, tmp_path):
    run, path = FAMILIES[family](), tmp_path / "g.onnx"
    facts = onnx_files.write_onnx(run, path)
    session = opened(path)
    assert [each.name for each in session.get_inputs()] == list(facts.inputs)
    ends = [*session.get_inputs(), *session.get_outputs()]
    assert {each.name: each.shape[:1] for each in ends if each.name != "truncation"} == {
        name: ["batch"] for name in (*facts.inputs, "samples") if name != "truncation"
    }
    assert facts.parity is not None and facts.parity < 2e-5
    for count in (1, 5, 40):
        inputs = {"latents": run.latents(count, 3).numpy()}
        labels = run.labels(count, 3)
        if facts.conditional:
            inputs["labels"] = labels.numpy()
        if facts.truncation:
            inputs["truncation"] = np.array(1, np.float32)
        (made,) = session.run(["samples"], inputs)
        expected = run.decode(run.latents(count, 3), labels)
        assert made.shape == (count, *facts.shape)
        if run.sample_spec.is_image:  # a number beside a half may be rounded to either side
            assert np.abs(made - expected).max() <= 0.5 + 1e-2
        elif run.sample_spec.is_text:
            np.testing.assert_array_equal(made, expected)
        else:
            np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "points.onnx"
    return path, onnx_files.write_onnx(FAMILIES["points"](), path)


def test_the_file_says_what_it_is(points):
    path, facts = points
    model = onnx.load(path)
    onnx.checker.check_model(model)
    assert onnx_files.read_facts(path) == facts
    content = json.loads({entry.key: entry.value for entry in model.metadata_props}["steadygan"])
    assert content["prior"] == {"name": "Normal", "size": 4} and content["opset"] == model.opset_import[0].version
    assert {"torch", "onnx", "onnxscript", "onnxruntime", "steadygan"} == content["versions"].keys()
    assert ExportFacts.from_json(content) == facts
    assert b"site-packages" not in path.read_bytes() and b".py" not in path.read_bytes()


def test_a_file_of_another_program_has_no_facts(points, tmp_path):
    model = onnx.load(points[0])
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(UsageError, match="no file of an exported generator"):
        onnx_files.read_facts(tmp_path / "other.onnx")
    (tmp_path / "torn.onnx").write_bytes(points[0].read_bytes()[:200])
    with pytest.raises(UsageError, match="cannot be read as ONNX"):
        onnx_files.read_facts(tmp_path / "torn.onnx")


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    """One weight is 1% larger in the graph: samples differ by more than 1e-4 of their range."""
    traced = onnx_files.traced

    def of_another(module, inputs):
        other = copy.deepcopy(module)
        next(other.parameters()).mul_(1.01)
        return traced(other, inputs)

    monkeypatch.setattr(onnx_files, "traced", of_another)
    path = tmp_path / "g.onnx"
    path.write_text("before")
    with pytest.raises(UsageError, match="differs from PyTorch"):
        onnx_files.write_onnx(FAMILIES["points"](), path)
    assert path.read_text() == "before" and [each.name for each in tmp_path.iterdir()] == ["g.onnx"]


class Pooled(nn.Module):
    """Average pooling with a divisor, which ONNX does not have."""

    conditional = False

    def __init__(self, divisor):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 1 * 8 * 8))
        self.divisor = divisor

    def forward(self, latents, labels=None):
        maps = (latents @ self.weight).reshape(-1, 1, 8, 8)
        pooled = nn.functional.avg_pool2d(maps, (2, 3), (1, 1), (1, 1), divisor_override=self.divisor)
        return nn.functional.interpolate(pooled, (8, 8)).tanh()


@pytest.mark.parametrize("divisor", [1, 5])
def test_divisors_of_average_pooling_are_kept(divisor, monkeypatch, tmp_path):
    run = FAMILIES["multi-scale"]()
    network = Pooled(divisor).eval().requires_grad_(False)
    monkeypatch.setattr(run, "load_generator", lambda *_: network)
    facts = onnx_files.write_onnx(run, tmp_path / "g.onnx")
    (made,) = opened(tmp_path / "g.onnx").run(None, {"latents": run.latents(3).numpy()})
    np.testing.assert_allclose(made, 127.5 * (network(run.latents(3)).numpy() + 1), atol=1e-3)
    assert facts.parity < 1e-6


def test_without_the_packages_there_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(UsageError, match=r"pip install 'steadygan\[onnx\]'"):
        onnx_files.write_onnx(FAMILIES["points"](), tmp_path / "g.onnx")
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_runtime_is_one_line(monkeypatch, tmp_path):
    def failing(content):
        raise RuntimeError("[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED :\nno such operation")

    monkeypatch.setattr(onnx_files, "session", failing)
    with pytest.raises(UsageError, match="onnxruntime cannot run the ONNX file: RuntimeError"):
        onnx_files.write_onnx(FAMILIES["text"](), tmp_path / "g.onnx")
    assert not list(tmp_path.iterdir())


def test_networks_that_cannot_be_traced_are_refused(monkeypatch, tmp_path, capfd):
    """In the line of the error alone: torch prints the graph that it has so far, several times."""
    run = FAMILIES["points"]()

    class Branching(nn.Module):
        def forward(self, latents, labels=None):
            return latents[:, :2] if float(latents.sum()) > 0 else -latents[:, :2]

    monkeypatch.setattr(run, "load_generator", lambda *_: Branching())
    with pytest.raises(UsageError, match="cannot be traced"):
        onnx_files.write_onnx(run, tmp_path / "g.onnx")
    assert capfd.readouterr() == ("", "") and not list(tmp_path.iterdir())
