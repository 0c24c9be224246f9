"""Runs on data in memory and on signals, volumes and tables: trained, resumed, sampled and evaluated."""

from __future__ import annotations

import csv
import dataclasses
import json

import numpy as np
import pytest

import steadygan as sg
from steadygan.errors import RunError, UsageError
from steadygan.evaluation import during_training
from steadygan.networks import ConvCritic, ConvGenerator, LabelledGenerator, MLPCritic, MLPGenerator
from steadygan.recipe import RunOptions
from steadygan.recipes import wgan_gp
from steadygan.report.samples import save_samples
from steadygan.run.checkpoints import load_tensors

RNG = np.random.default_rng(0)
SIGNALS = (20 + 5 * RNG.standard_normal((60, 2, 19))).astype(np.float32)
TABLE = np.column_stack([RNG.normal(40, 9, 300), RNG.poisson(3, 300)])
RUN = RunOptions(precision="fp32", threads=1, picture_every=100, checkpoint_every=1, evaluate="none")


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(during_training, "COUNT", 200)  # samples of an evaluation: a tenth of the time


def small(sample):
    networks = (ConvGenerator(4), ConvCritic(4)) if sample.is_grid else (MLPGenerator(8), MLPCritic(8))
    base = wgan_gp(sample)
    return dataclasses.replace(base, generator=networks[0], critic=networks[1], batch=8, run=RUN)


def weights(run):
    return load_tensors(run.checkpoint(), "average")


def same(first, second):
    return first.keys() == second.keys() and all((first[key] == second[key]).all() for key in first)


def test_memory_and_file_train_the_same_weights_and_resume_to_them(tmp_path):
    np.save(tmp_path / "signals.npy", SIGNALS)
    of_file = sg.train(small, data=tmp_path / "signals.npy", out=tmp_path / "file", rounds=3, observers=[])
    of_memory = sg.train(small, data=SIGNALS, out=tmp_path / "memory", rounds=2, observers=[])
    assert of_memory.recipe.data.source == "memory:ndarray"
    assert of_memory.data.fingerprint == of_file.data.fingerprint
    with pytest.raises(UsageError, match="hand it over again, as data="):
        sg.resume(of_memory, more_rounds=1, observers=[])
    with pytest.raises(RunError, match=r"changed|not the data"):
        sg.resume(of_memory, more_rounds=1, data=SIGNALS + 1, observers=[])
    assert same(weights(sg.resume(of_memory, more_rounds=1, data=SIGNALS, observers=[])), weights(of_file))


def test_samples_come_in_the_units_of_the_data_and_the_run_knows_its_kind(tmp_path):
    run = sg.train(small, data=SIGNALS, out=tmp_path / "run", rounds=1, observers=[])
    samples = sg.load(tmp_path / "run").sample(5, seed=1)
    assert samples.shape == (5, 2, 19) and samples.dtype == np.float32
    low, high = SIGNALS.min(axis=(0, 2)), SIGNALS.max(axis=(0, 2))
    assert (samples.min(axis=(0, 2)) >= low - 1e-4).all() and (samples.max(axis=(0, 2)) <= high + 1e-4).all()
    facts = json.loads((tmp_path / "run" / "data.json").read_text())
    assert facts["sample"] == {"shape": [2, 19], "classes": 0, "kind": "signal"}
    assert run.sample_spec.is_signal
    scaled = np.concatenate(list(run.stream(5, seed=1, scaled=True)))
    assert np.allclose(run.data.units.restored(scaled), samples)


def test_old_facts_of_pictures_have_no_new_entries(tmp_path):
    run = sg.train(small, data="8gaussians", out=tmp_path / "run", rounds=1, observers=[])
    facts = json.loads((tmp_path / "run" / "data.json").read_text())
    assert facts["sample"] == {"shape": [2], "classes": 0} and "units" not in facts and "numbers" not in facts
    assert "form" not in (run.folder / "recipe.yaml").read_text().split("data:")[1]


def test_a_table_is_sampled_as_csv_with_its_columns(tmp_path):
    run = sg.train(small, data=TABLE, out=tmp_path / "run", rounds=1, observers=[])
    save_samples(run.sample(7), tmp_path / "rows.csv", units=run.data.units)
    rows = list(csv.reader((tmp_path / "rows.csv").open()))
    assert rows[0] == ["column_0", "column_1"] and len(rows) == 8
    assert all(row[1].lstrip("-").isdigit() for row in rows[1:])
    assert np.allclose([float(row[0]) for row in rows[1:]], run.sample(7)[:, 0])


def test_a_run_on_memory_is_evaluated_with_the_data(tmp_path):
    run = sg.train(small, data=SIGNALS, out=tmp_path / "run", rounds=1, observers=[])
    (features, *_) = sg.evaluate(run, data=SIGNALS, count=60)
    assert features.provenance.features == "pixels" and features.provenance.data_hash == run.data.fingerprint
    assert {"frechet", "precision"} <= {number.metric for number in features.numbers}
    with pytest.raises(UsageError, match="are for pictures"):
        sg.evaluate(run, data=SIGNALS, count=60, features="patches")


@pytest.mark.parametrize("shape", [(60, 2, 19), (60, 1, 8, 9, 10), (60, 6, 14, 18), (120, 3)])
def test_every_kind_is_evaluated_and_pictured_during_training(tmp_path, shape):
    def evaluated(sample):
        return dataclasses.replace(small(sample), run=dataclasses.replace(RUN, evaluate="auto", picture_every=1))

    run = sg.train(evaluated, data=RNG.standard_normal(shape), out=tmp_path / "run", rounds=1)
    assert np.isfinite(run.evaluations[-1]["wasserstein1" if len(shape) == 2 else "frechet"])
    assert (tmp_path / "run" / "samples" / "000001.png").exists()
    assert run.sample(2).shape == (2, *shape[1:])


def test_a_table_of_few_rows_trains_without_being_evaluated(tmp_path):
    def evaluated(sample):
        return dataclasses.replace(small(sample), run=dataclasses.replace(RUN, evaluate="auto"))

    run = sg.train(evaluated, data=TABLE[:60], out=tmp_path / "run", rounds=1, observers=[])
    assert run.evaluations == [] and run.finished


def test_rows_of_a_conditional_run_are_written_with_the_names_of_their_classes(tmp_path):
    def conditional(sample):
        return dataclasses.replace(small(sample), generator=LabelledGenerator(MLPGenerator(8)))

    labels = np.array(["cat", "dog"])[np.arange(300) % 2]
    run = sg.train(conditional, data=(TABLE, labels), out=tmp_path / "run", rounds=1, observers=[])
    drawn = run.labels(4, 0).numpy()
    save_samples(run.sample(4), tmp_path / "rows.csv", drawn, units=run.data.units, class_names=run.class_names)
    rows = list(csv.reader((tmp_path / "rows.csv").open()))
    assert rows[0][-1] == "label" and [row[-1] for row in rows[1:]] == [["cat", "dog"][label] for label in drawn]


def test_a_source_that_is_too_long_for_a_file_is_one_short_line():
    with pytest.raises(UsageError, match="5,000 characters") as caught:
        sg.prepare(None, "x" * 5_000)
    assert len(str(caught.value)) < 500
