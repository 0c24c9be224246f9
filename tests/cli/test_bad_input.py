"""Bad input is answered in one line: all commands, from the command line."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image

from steadygan.cli import main

pytestmark = pytest.mark.timeout(60)  # bad input that is taken would train for hours

TINY = "wgan-gp --rounds 2 --batch 4 --generator.width 4 --critic.width 4 --critic-steps 1 --average.half-life 0"


class Bad(NamedTuple):
    """A command line that cannot be carried out."""

    line: str
    """after ``steadygan``; typed in the folder that ``workplace`` makes"""
    answer: str
    """a part of the one line on standard error"""
    code: int = 2


BAD = [
    # the command
    Bad("trian", "unknown command 'trian'; did you mean 'train'?"),
    Bad("--version-of", "unknown option '--version-of'"),
    Bad("wgan-gp --data digits", "'wgan-gp' is a recipe, not a command: 'steadygan train wgan-gp'"),
    Bad("sample tiny --conut 5", "unknown option '--conut'; did you mean '--count'?"),
    Bad("report tiny twice", "'twice' is one argument too many"),
    # measurements
    Bad("bench wgn-gp", "unknown recipe 'wgn-gp'; did you mean 'wgan-gp'?"),
    Bad("bench --engines compile", "unknown engine 'compile'; did you mean 'compiled'?"),
    Bad("bench --precisions fp64", "precision 'fp64' is unknown (known: auto, fp32, tf32, bf16)"),
    Bad("bench --repeats 1", "--repeats: got 1; it has to be 2 or more"),
    Bad("train progan digits --critic.width 8", "unknown option '--critic.width' (ProGANCritic has: base, most, group"),
    Bad("bench --engins eager", "unknown option '--engins'; did you mean --engines?"),
    # recipes
    Bad("train wgn-gp", "unknown recipe 'wgn-gp'; did you mean 'wgan-gp'?"),
    Bad("train wgan-gp dcgan", "'dcgan' is one argument too many"),
    Bad("recipes wgangp", "unknown recipe 'wgangp'; did you mean 'wgan-gp'?"),
    Bad("recipes --yaml", "name it"),
    # fields and their values
    Bad("train --bacth 32", "unknown option '--bacth'; did you mean --batch?"),
    Bad("train --critic.widht 32", "did you mean --critic.width? (DCGANCritic has: width, norm"),
    Bad("train --lr 0", "Adam.lr is 0; allowed: finite numbers above 0"),
    Bad("train --ot here", "unknown option '--ot'; did you mean --out?"),
    Bad("train --batch", "--batch needs a value"),
    Bad("train --batch many", "batch: got 'many'; a whole number is needed"),
    Bad("train --batch 32.5", "batch: got '32.5'; a whole number is needed"),
    Bad("train --batch -4", "batch is -4; allowed: whole numbers from 1"),
    Bad("train --batch.size 4", "--batch.size: batch is a single value"),
    Bad("train --rounds 0", "rounds is 0; allowed: whole numbers from 1"),
    Bad("train --seed -1", "seed is -1; allowed: whole numbers from 0"),
    Bad("train --seed today", "seed: got 'today'; a whole number is needed"),
    Bad("train --critic.norm btch", "critic.norm: got 'btch'; allowed: batch, layer, instance, none"),
    Bad("train --data.flip maybe", "data.flip: got 'maybe'; allowed: true, false"),
    Bad("train --critic-optimizer.lr 0", "Adam.lr is 0; allowed: finite numbers above 0"),
    Bad("train --critic-optimizer.betas 0.5", "critic_optimizer.betas: got 1 values; 2 are needed"),
    Bad("train --critic-optimizer.betas 0.5 1.5", "Adam.betas[1] is 1.5; allowed: numbers from 0, below 1"),
    Bad("train --penalties.0.weight -1", "GradientPenalty.weight is -1; allowed: finite numbers from 0"),
    Bad("train --penalties.3.weight 5", "penalties has the items 0; add one with penalties.1:gradient-penalty"),
    Bad("train lsgan --penalties.0.weight 5", "penalties is empty; add one with penalties.0:gradient-penalty"),
    Bad("train --run.micro-batch 0", "run.micro_batch is 0; allowed: whole numbers from 1, or null"),
    Bad("train --run.precision fp8", "run.precision: got 'fp8'; allowed: auto, fp32, tf32, bf16"),
    Bad("train --minutes 0", "--minutes: got '0'; minutes have to be a number above 0"),
    Bad("train --minutes 5 --rounds 10", "--minutes and --rounds both say how long"),
    Bad("train --out", "--out: expected one argument"),
    # kinds
    Bad("train critic:resnt-critic", "unknown kind 'resnt-critic' for critic; did you mean 'resnet-critic'?"),
    Bad("train critc:resnet-critic", "unknown option 'critc:resnet-critic'; did you mean --critic?"),
    Bad("train --set critic.width", "--set: got 'critic.width'; it has the form PATH=VALUE"),
    Bad("train --set 'penalties=[{kind: R1'", "--set penalties is no valid YAML in line 1"),
    Bad("train --set 'penalties=[{kind: R7}]'", "penalties[0]: unknown kind 'R7'"),
    Bad("train --set 'penalties=[{kind: R1, gama: 5}]'", "R1 has no field 'gama'; did you mean 'gamma'?"),
    # what cannot work together
    Bad("train wgan-gp --critic.norm batch", "the critic has batch norm"),
    Bad("train wgan-gp --objective.real-label 0.9", "the Wasserstein loss has no labels to smooth"),
    Bad("train wgan-gp --data digits --data.size 20", "takes images of 8, 16, 28, 32, 64, 128, 256 px"),
    Bad("train generator:dcgan-generator --data 8gaussians", "DCGANGenerator is for images, but a sample is 2"),
    Bad(
        "train generator:resnet64-generator --data digits",
        "ResNet64Generator takes images of 64 px, but a sample is 1x8x8",
    ),
    Bad("train --run.precision tf32 --device cpu", "precision tf32 needs an NVIDIA GPU"),
    Bad("train --device gpu", "unknown device 'gpu' (known: auto, cpu, cuda, cuda:1, mps)"),
    # data
    Bad("train --data nowhere/", "there is no 'nowhere'"),
    Bad("train --data digit", "unknown data source 'digit'; did you mean 'digits'?"),
    Bad("train --data empty", "holds no pictures (it is empty)"),
    Bad("train --data notes.txt", "has too few lines of text, 1"),
    Bad("train --data verse.tct", "there is no 'verse.tct'; did you mean 'verse.txt'?"),
    Bad("train wgan-gp --data verse.txt", "Plain is for pictures and points, but a sample is text of 32 characters"),
    Bad("train text --data digits", "OneHot is for text, one sample a line in a .txt file, but a sample is 1x8x8"),
    Bad("train text --data verse.txt --run.evaluate patches", "which is for pictures; for text: auto, none"),
    Bad("train --data verse.txt --data.size 8", "data size is 8, but 'verse' is text"),
    Bad("train --data verse.txt --data.length 0", "data length is 0; allowed: whole numbers from 1 to 4096, or null"),
    Bad("train --data digits --data.length 8", "data length is 8, but 'digits' is not text"),
    Bad("train text --representation.characters 5 --data verse.txt", "OneHot.characters is 5, but a sample is text"),
    Bad("train --data corrupt.npz", "corrupt.npz"),
    Bad("train --data few", "5"),
    Bad("train --data torn", "unreadable"),
    Bad("train --data digits --data.size 0", "data size is 0; allowed: whole numbers from 1 to 1024, or null"),
    Bad("train --data digits --data.held-out 0.9", "held_out is 0.9; allowed: numbers above 0, up to 0.5"),
    Bad("train --data hf:OWNER/NAME", "pip install 'steadygan[hub]'"),
    Bad("data", "name the data to inspect"),
    Bad("data nowhere", "unknown data source 'nowhere'"),
    Bad("data digits --sise 8", "unknown option '--sise'; did you mean --size?"),
    Bad("data few", "5"),
    Bad("data verse.txt --sheet verse.png", "of which there is no picture"),
    # files for a recipe
    Bad("train missing.yaml", "missing.yaml cannot be read: No such file or directory"),
    Bad("train my_parts:my_recipe", "is trained in Python: sg.train(my_recipe, data)"),
    Bad("train mine.py", "mine.py is Python code, a recipe is a name or a YAML file"),
    Bad("train torn.yaml", "torn.yaml is no valid YAML in line 3"),
    Bad("train list.yaml", "list.yaml holds no recipe"),
    Bad("train kind.yaml", "kind.yaml: critic: unknown kind 'Critic9000'"),
    Bad("train field.yaml", "field.yaml: Recipe has no field 'bacth'; did you mean 'batch'?"),
    Bad("train later.yaml", "has format 99; this version of steadygan reads format 1"),
    Bad("train picture.yaml", "picture.yaml is no text file"),
    # runs
    Bad("resume tyni", "there is no run 'tyni'; did you mean 'tiny'?"),
    Bad("sample few", "few is no run: it has no recipe.yaml"),
    Bad("report nowhere", "there is no run 'nowhere'"),
    Bad("runs nowhere", "there is no folder 'nowhere'"),
    Bad("train --from tyni", "there is no run 'tyni'; did you mean 'tiny'?"),
    Bad("sample bare", "bare has no checkpoint yet", 1),
    Bad("sample tiny --round 7", "has no checkpoint of round 7 (kept: 2)"),
    Bad("sample cut", "is damaged: it is 100 bytes long", 1),
    Bad("sample scrawl", "recipe.yaml"),
    Bad("resume moved --rounds +5", "has changed since", 1),
    Bad("sample tiny --count 0", "--count: got 0; it has to be 1 or more"),
    Bad("sample tiny --seed x", "--seed: got 'x'; a whole number is needed"),
    Bad("sample tiny --seed -1", "--seed: got -1; it has to be 0 or more"),
    Bad("sample tiny --out grid.docx", "cannot write samples to 'grid.docx'"),
    Bad("sample tiny --out notes.txt/grid.png", "'notes.txt/grid.png' cannot be written: "),
    Bad("sample tiny --out few --overwrite", "'few' holds '0.png', which is no sample of an earlier call"),
    Bad("sample tiny --out few", "'few' exists: name another --out, or give --overwrite"),
    Bad("sample tiny --gif --out grid.png", "the ending of --out has to be .gif"),
    Bad("sample tiny --gif --interpolate", "give one of them"),
    Bad("sample tiny --between --gif", "give one of them"),
    Bad("sample tiny --between a b c", "takes 2 files at most, got 3"),
    Bad("sample tiny --between nowhere.png", "there is no file 'nowhere.png'"),
    Bad("sample tiny --between notes.txt", "'notes.txt' cannot be used: not a picture"),
    Bad("sample tiny --between --count 1", "--count is 1; a strip between two pictures needs 2 or more"),
    Bad("sample tiny --between --out strip.docx", "--between writes one picture"),
    Bad("resume tiny --rounds 5", "--rounds: got '5'; write +N for N rounds more"),
    Bad("resume tiny --rounds +0", "--rounds: got '+0'"),
    Bad("resume tiny --micro-batch 0", "--micro-batch: got 0; it has to be 1 or more"),
    Bad("resume tiny --from-round ²", "--from-round: got '²'; a round is needed"),
    Bad("resume tiny --from-round 1", "has no checkpoint of round 1 (kept: 2)"),
    Bad("resume tiny --lr 1e-5", "is finished, so --lr has nothing to change: --rounds +N"),
    Bad("resume tiny --data elsewhere", "is finished, so --data has nothing to change"),
    Bad("resume tiny --rounds +1 --lr x", "_optimizer.lr: got 'x'; a number is needed"),
    Bad("resume tiny --rounds +1 --critic-optimizr.lr 1", "did you mean --critic-optimizer"),
    Bad("resume tiny --rounds +1 --generator.width 8", "'steadygan train runs/tiny/recipe.yaml --generator.width 8'"),
    Bad("resume tiny --rounds +1 --batch 3", "'steadygan train --from runs/tiny --batch 3' starts a new run"),
    Bad("resume tiny --rounds +1 --data elsewhere", "unknown data source 'elsewhere'"),
    Bad("resume tiny --rounds +1 --data 8gaussians", "is not the data with which", 1),
    Bad("check tyni", "there is no run 'tyni'; did you mean 'tiny'?"),
    Bad("train --out runs/tiny", "runs/tiny already holds a run: 'steadygan resume runs/tiny' goes on with it"),
    Bad(f"train {TINY} --out notes.txt/run", "'notes.txt/run' cannot be written: "),
    # numbers
    Bad("evaluate tyni", "there is no run 'tyni'; did you mean 'tiny'?"),
    Bad("evaluate bare", "bare has no checkpoint yet", 1),
    Bad("evaluate moved", "has changed since", 1),
    Bad("evaluate tiny --metrics frechte", "unknown metric 'frechte'; did you mean 'frechet'?"),
    Bad("evaluate tiny --metrics wasserstein1", "metric 'wasserstein1' does not suit 'digits'"),
    Bad("evaluate tiny --features incption", "unknown features 'incption'; did you mean 'inception'?"),
    Bad("evaluate tiny --features nowhere:all", "features 'nowhere:all': cannot import 'nowhere'"),
    Bad("evaluate tiny --inception-weights missing.pth", "--inception-weights is for --features inception"),
    Bad("evaluate tiny --metrics memorisation --features patches", "--features patches is not used"),
    Bad("evaluate tiny --data elsewhere", "unknown data source 'elsewhere'"),
    Bad("data digits --sheet x.png --no-sheet", "exclude each other"),
    Bad("data --clear-cache --cache nowhere --no-sheet", "are of data: name it"),
    Bad("recipes wgan-gp --points --size 64", "--size is of pictures"),
    Bad("evaluate tiny --features inception --inception-weights missing.pth", "missing.pth"),
    Bad("evaluate tiny --features pixels --metrics frechet --count 3", "needs 50 samples or more, got 3"),
    Bad("evaluate tiny --count 1", "--count: got 1; it has to be 2 or more"),
    Bad("evaluate tiny --features pixels --weights ema", "unknown weights 'ema'"),
    Bad("evaluate tiny --round first", "--round: got 'first'; a round or 'best' is needed"),
    Bad("compare tiny", "a comparison needs two runs or more, got 1"),
    Bad("compare tiny tyni", "there is no run 'tyni'"),
    Bad("compare tiny bare", "has no numbers yet: 'steadygan evaluate"),
    # trackers
    Bad("train --track wandbb", "unknown tracker 'wandbb'; did you mean 'wandb'?"),
    Bad("train --track wandb", "tracker 'wandb' needs"),
]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a finished run, damaged ones, and files of many kinds."""
    root = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("STEADYGAN_CACHE", str(root / "cache"))
        _make_data(root)
        _make_recipes(root)
        assert main(["train", *TINY.split(), "--out", "runs/tiny"]) == 0
        _make_broken_runs(root / "runs")
        yield root


def _make_data(root: Path) -> None:
    rng = np.random.default_rng(0)
    for name, count in (("few", 5), ("torn", 20)):
        (root / name).mkdir()
        for index in range(count):
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(root / name / f"{index}.png")
    for index in range(6):
        (root / "torn" / f"torn-{index}.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    (root / "empty").mkdir()
    (root / "notes.txt").write_text("no pictures here\n")
    (root / "verse.txt").write_text("".join(f"verse number {number}\n" for number in range(60)))
    (root / "corrupt.npz").write_bytes(b"PK\x03\x04 and nothing more")


def _make_recipes(root: Path) -> None:
    (root / "mine.py").write_text("import steadygan\n")
    (root / "torn.yaml").write_text("critic:\n  {kind: DCGANCritic\nbatch: 3\n")
    (root / "list.yaml").write_text("- wgan-gp\n")
    (root / "kind.yaml").write_text("critic:\n  kind: Critic9000\n")
    (root / "field.yaml").write_text("bacth: 32\n")
    (root / "later.yaml").write_text("format: 99\n")
    (root / "picture.yaml").write_bytes(b"\x89PNG\xff\xfe")


def _make_broken_runs(runs: Path) -> None:
    for name in ("bare", "cut", "scrawl", "moved"):
        shutil.copytree(runs / "tiny", runs / name)
    shutil.rmtree(runs / "bare" / "checkpoints")
    cut = runs / "cut" / "checkpoints" / "000002" / "average.safetensors"
    cut.write_bytes(cut.read_bytes()[:100])
    (runs / "scrawl" / "recipe.yaml").write_text("{{{")
    data = json.loads((runs / "moved" / "data.json").read_text())
    (runs / "moved" / "marks.json").unlink()
    (runs / "moved" / "data.json").write_text(json.dumps({**data, "fingerprint": "0" * 64}))


def _content(root: Path) -> dict[str, str]:
    """Every file and folder, with what is in it; decoded pictures may come and go."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(root.rglob("*"))
        if "cache" not in path.relative_to(root).parts
    }


@pytest.fixture(scope="module")
def content(workplace: Path) -> dict[str, dict[str, str]]:
    """What is in the folder, as the last test left it."""
    return {"now": _content(workplace)}


@pytest.mark.parametrize("bad", BAD, ids=[bad.line for bad in BAD])
def test_bad_input_is_answered_in_one_line_and_changes_nothing(
    bad: Bad,
    workplace: Path,
    content: dict[str, dict[str, str]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # as where the extras are not installed
    monkeypatch.setitem(sys.modules, "wandb", None)
    before = content["now"]
    capfd.readouterr()

    code = main(shlex.split(bad.line))

    content["now"] = _content(workplace)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("steadygan: ")
    assert bad.answer in lines[0]
    assert "Traceback" not in lines[0]
    assert code == bad.code
    assert content["now"] == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_cuda_device_that_is_not_there_is_answered_in_one_line(
    workplace: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    assert main(["train", "--device", "cuda"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "torch sees no CUDA GPU on this machine" in line or "is a CPU build" in line
