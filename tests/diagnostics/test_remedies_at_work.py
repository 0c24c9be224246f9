"""The remedies at work on trainings that go wrong by themselves: small networks on 8x8 digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import steadygan as sg
from steadygan.cli import main
from steadygan.diagnostics import doctor, read_log
from steadygan.diagnostics.schedule import Schedule
from steadygan.evaluation import during_training
from steadygan.run.layout import list_samples, picture_round
from steadygan.run.remedies import read_remedies

ALWAYS = "generator:mlp-generator critic:mlp-critic --run.threads 1 --run.precision fp32 --device cpu"
SMALL = "--generator.width 64 --critic.width 64 --batch 32"
WIDE = "--generator.width 64 --critic.width 256"


@pytest.fixture
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look in each 60 rounds: short runs of small networks have none, as looks would take longer than they do."""
    rounds = tuple(range(60, 2_000, 60))
    looks = Schedule(rounds, frozenset(rounds[3::4]))
    monkeypatch.setattr(doctor, "doctor_of", lambda diagnose: doctor.GameDoctor(looks, most=64))


def train(words: str, folder: Path) -> int:
    return main(["train", *words.split(), *ALWAYS.split(), "--out", str(folder)])


@pytest.mark.slow
def test_a_loss_that_explodes_goes_back_until_the_rates_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "lsgan digits generator-optimizer:sgd critic-optimizer:sgd --on-trouble rollback --rounds 60"
    assert train(f"{words} {SMALL} --generator-optimizer.lr 0.1 --critic-optimizer.lr 0.15", tmp_path / "run") == 0
    run, done = sg.load(tmp_path / "run"), read_remedies(tmp_path / "run")
    assert run.finished and done and {remedy.verdict for remedy in done} == {"diverged"}
    assert run.recipe.critic_optimizer.lr == pytest.approx(0.15 * 0.5 ** len(done))
    assert all(str(remedy) in capsys.readouterr().out or remedy.number > 1 for remedy in done)


@pytest.mark.slow
@pytest.mark.usefixtures("_often")
def test_a_collapse_is_begun_again_and_has_variety(tmp_path: Path) -> None:
    words = "gan digits --generator-optimizer.lr 0.01 --critic-optimizer.lr 0.003 --rounds 720"
    assert train(f"{words} {SMALL} --run.evaluate none --on-trouble restart", tmp_path / "run") == 0
    [remedy] = read_remedies(tmp_path / "run")
    assert remedy.action == "restart" and remedy.verdict == "full_collapse" and remedy.round < 720
    again = sg.load(tmp_path / "run-restart-1")
    assert again.finished and again.recipe.generator_optimizer.lr == pytest.approx(0.005)
    ends = [read_log(run / "signals.jsonl")[-1]["distance_ratio"] for run in (tmp_path / "run", again.folder)]
    assert float(ends[0]) < 0.05 and float(ends[1]) > 0.4


@pytest.mark.slow
@pytest.mark.usefixtures("_often")
def test_a_critic_that_knows_its_samples_ends_the_run_at_its_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.datasets import load_digits

    monkeypatch.setattr(during_training, "COUNT", 200)
    np.save(tmp_path / "few.npy", (load_digits().images[:120] * 15.9).astype(np.uint8))
    words = f"gan --data {tmp_path / 'few.npy'} --data.held-out 0.5 --lr 1e-3 --rounds 1200 --run.evaluate-every 120"
    assert train(f"{words} {WIDE} --on-trouble rollback", tmp_path / "run") == 0
    [remedy] = read_remedies(tmp_path / "run")
    assert remedy.action == "stop" and remedy.verdict in ("critic_overfitting", "memorisation")
    run = sg.load(tmp_path / "run")
    assert run.finished and run.rounds_done == run.recipe.rounds == remedy.to_round < remedy.round
    rounds = [picture_round(path) for path in list_samples(run.folder)]
    assert max(rounds) == remedy.to_round  # of its samples, and none of those that are dropped
    assert sg.check(run).whole
