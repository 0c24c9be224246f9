"""The command, from end to end on tiny runs: what it prints, writes and exits with."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan import api, cli
from steadygan import recipe as recipes
from steadygan.cli import ending, main
from steadygan.cli.recipes import as_python
from steadygan.cli.runs import age
from steadygan.errors import UsageError
from steadygan.penalties import R1
from steadygan.recipes import RECIPES
from steadygan.training import trainer
from steadygan.types import SampleSpec
from tests.training.runs import sends

SMALL = ["--batch", "4", "--generator.width", "4", "--critic.width", "4", "--critic-steps", "1"]
HEAVY = ("torch", "sklearn", "scipy", "matplotlib", "PIL", "pyarrow", "tensorboard")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run of 4 rounds in runs/tiny, with checkpoints of rounds 2 and 4."""
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        code = main(
            ["train", "wgan-gp", *SMALL, "--rounds=4", "--run.checkpoint-every=2", "--out", "runs/tiny", "--seed", "3"]
        )
    assert code == 0
    return root


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def runs(trained: Path, place: Path) -> Path:
    """A folder to work in, with a copy of the run."""
    shutil.copytree(trained / "runs", place / "runs")
    return place


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steadygan", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        timeout=120,
        check=False,
    )


# help


@pytest.mark.parametrize(
    "line",
    ["", "--help", "--version", "train --help", "train wgan-gp-cifar10 --help", "sample --help", "resume --help",
     "data --help", "runs", "report --help", "evaluate --help", "compare --help", "bench --help", "recipes",
     "recipes wgan-gp"],
)  # fmt: skip
def test_help_and_lists_load_nothing_heavy(line: str, place: Path) -> None:
    code = f"""
import sys
from steadygan.cli import main
code = main({line.split()})
print([name for name in {HEAVY} if name in sys.modules])
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stderr == ""


def test_help_names_every_command_and_each_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    overview = capsys.readouterr().out
    for command in cli.COMMANDS:
        assert f"  {command} " in overview
        assert main([command, "--help"]) == 0
        assert f"usage: steadygan {command}" in capsys.readouterr().out


def test_help_of_a_recipe_shows_its_own_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "wgan", "critic:mlp-critic", "--help"]) == 0
    said = capsys.readouterr().out
    assert "--constraint.limit X" in said
    assert "--critic-steps.warm-steps N" in said
    assert "critic: MLPCritic" in said
    assert re.search(r"--critic-optimizer.lr X +learning rate \(default: 5e-05\)", said)


def test_the_module_is_the_command() -> None:
    done = shell("--version")
    assert re.fullmatch(r"steadygan \d+\.\d+\.\d+\S*\n", done.stdout)
    assert done.returncode == 0


# recipes


def test_recipes_are_listed_with_a_line_and_a_paper(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    said = capsys.readouterr().out
    for name in RECIPES:
        assert re.search(rf"^{name} ", said, re.MULTILINE)
    assert "Gulrajani et al. 2017" in said


@pytest.mark.parametrize("sample", [SampleSpec((3, 32, 32)), SampleSpec((3, 64, 64)), SampleSpec((2,))], ids=str)
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_as_python_is_that_recipe(name: str, sample: SampleSpec) -> None:
    recipe = RECIPES[name](sample)
    text = as_python(recipe)
    assert eval(text, dict(recipes.names())) == recipe
    assert all(len(line) <= 120 for line in text.splitlines())


def test_a_recipe_is_shown_as_python_and_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "wgan-gp", "--points"]) == 0
    python, _, text = capsys.readouterr().out.partition("\n\n")
    made = RECIPES["wgan-gp"](SampleSpec((2,)))
    assert eval(python, dict(recipes.names())) == made
    assert recipes.loads(text) == made
    assert "critic=MLPCritic(" in python


def test_a_recipes_yaml_can_be_changed_and_trained(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "wgan-gp", "--yaml"]) == 0
    Path("mine.yaml").write_text(capsys.readouterr().out.replace("rounds: 200000", "rounds: 1"))
    assert main(["train", "mine.yaml", *SMALL, "--data", "digits", "--out", "run"]) == 0
    assert api.load("run").recipe.critic_steps(0) == 1
    assert api.load("run").finished


# train


def test_training_says_where_everything_is_and_what_to_try_next(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "wgan-gp", *SMALL, "--rounds", "2"]) == 0
    out, err = capsys.readouterr()
    assert "pictures: runs/wgan-gp-digits/samples/000002.png".replace("/", os.sep) in out
    assert "report:   runs/wgan-gp-digits/report.html".replace("/", os.sep) in out
    assert "steadygan sample wgan-gp-digits" in out
    assert "steadygan resume wgan-gp-digits --rounds +2" in out
    assert Path("runs/wgan-gp-digits/report.html").is_file()
    assert err == ""


def test_training_sets_what_the_line_says_and_takes_a_new_folder_each_time(place: Path) -> None:
    line = ["train", "--set", "penalties=[{kind: r1, gamma: 2}]", "--rounds=1", *SMALL, "prior:uniform", "lsgan"]
    line += ["--critic.norm", "none"]
    assert main(line) == main(line) == 0
    first, second = api.load("lsgan-digits").recipe, api.load("lsgan-digits-2").recipe
    assert first == second
    assert first.penalties == (R1(2.0),)
    assert type(first.prior).__name__ == "Uniform"
    assert (first.name, first.batch, first.rounds) == ("lsgan", 4, 1)


def test_without_a_recipe_training_chooses_and_says_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    Path("photos").mkdir()
    for index in range(40):
        Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(f"photos/{index}.png")
    line = ["train", "--data", "photos", "--data.size", "16", *SMALL, "--rounds", "1", "--data.flip", "false"]
    assert main(line) == 0
    assert "recipe photos: " in capsys.readouterr().out
    recipe = api.load().recipe
    assert recipe.name == "photos"
    assert recipe.data.size == 16
    assert recipe.data.flip is False
    assert Path(recipe.data.source).is_absolute()


def test_points_get_networks_for_points(place: Path) -> None:
    line = ["train", "wgan-gp", "--data", "8gaussians", "--rounds", "1", "--critic.width", "8"]
    assert main([*line, "--run.evaluate", "none"]) == 0
    assert type(api.load().recipe.critic).__name__ == "MLPCritic"
    assert main(["sample", "--gif"]) == 2


def test_minutes_decide_the_rounds(place: Path) -> None:
    assert main(["train", "wgan-gp", *SMALL, "--minutes", "0.005"]) == 0
    assert api.load().recipe.rounds < 100_000


def test_a_run_can_start_from_another_ones_weights(runs: Path) -> None:
    assert main(["train", "--from", "tiny", "--rounds", "1", "--out", "runs/finer", "--data.held-out", "0.2"]) == 0
    finer = api.load("finer")
    assert finer.recipe.generator == api.load("tiny").recipe.generator
    assert finer.recipe.rounds == 1
    assert finer.recipe.data.held_out == 0.2


# resume, report, runs


def test_a_run_can_be_extended(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", "--rounds", "+3", "tiny", "--micro-batch", "2"]) == 0
    assert "run runs/tiny: round 4 of 7".replace("/", os.sep) in capsys.readouterr().out
    run = api.load()
    assert run.rounds_done == run.recipe.rounds == 7
    assert run.recipe.run.micro_batch == 2


def test_resuming_a_finished_run_says_so_and_trains_nothing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (runs / "runs/tiny/metrics.jsonl").read_bytes()
    assert main(["resume"]) == 0
    assert "is finished: 4 rounds" in capsys.readouterr().out
    assert (runs / "runs/tiny/metrics.jsonl").read_bytes() == before


def test_a_report_can_be_written_anew(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = runs / "runs/tiny/report.html"
    page.unlink()
    assert main(["report", "tiny"]) == 0
    assert capsys.readouterr().out.strip() == str(Path("runs/tiny/report.html"))
    assert page.is_file()


def test_runs_are_listed_even_beside_a_damaged_one(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("runs/tiny", "runs/cut")
    shutil.rmtree("runs/cut/checkpoints/000004")
    (runs / "runs/odd").mkdir()
    (runs / "runs/odd/recipe.yaml").write_text("{{{")
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "recipe", "data", "rounds", "state", "age"]
    assert sorted(re.split(r"\s{2,}", line)[:5] for line in lines[1:] if "odd" not in line) == [
        ["cut", "wgan-gp", "digits", "2/4", "unfinished"],
        ["tiny", "wgan-gp", "digits", "4/4", "finished"],
    ]
    assert any(line.startswith("odd") and "unreadable" in line for line in lines)


def test_no_runs_are_no_error(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert "'steadygan train' makes one" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (200_000, "2 days")]
)
def test_ages_are_one_number(seconds: float, said: str) -> None:
    assert age(seconds) == said


# sample


def test_samples_depend_on_the_seed_alone(runs: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["sample", "tiny", "--out", f"{name}.npz", "--count", "6", "--seed", seed]) == 0
    a, b, c = (np.load(f"{name}.npz")["images"] for name in "abc")
    assert a.shape == (6, 8, 8, 1) and a.dtype == np.uint8
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_samples_can_come_from_raw_weights_and_earlier_rounds(runs: Path) -> None:
    for name, extra in {"last": [], "four": ["--round", "4"], "two": ["--round", "2"], "raw": ["--raw"]}.items():
        assert main(["sample", "tiny", "--out", f"{name}.npz", "--count", "6", *extra]) == 0
    last, four, two, raw = (np.load(f"{name}.npz")["images"] for name in ("last", "four", "two", "raw"))
    assert np.array_equal(last, four)
    assert not np.array_equal(last, two)
    assert not np.array_equal(last, raw)


def test_samples_go_into_a_folder_of_pictures(runs: Path) -> None:
    assert main(["sample", "--out", "many", "--count", "5"]) == 0
    assert len(list(Path("many").glob("*.png"))) == 5
    assert main(["sample", "--out", "many", "--count", "3"]) == 0
    assert len(list(Path("many").glob("*.png"))) == 3


def test_samples_without_a_place_go_into_the_runs_folder(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample"]) == 0
    path = Path(capsys.readouterr().out.strip().rpartition(": ")[2])
    assert path.parent == Path("runs/tiny/generated")
    assert Image.open(path).format == "PNG"


def test_an_interpolation_begins_at_the_first_sample_and_ends_at_another(runs: Path) -> None:
    run = api.load("tiny")
    strip = run.interpolate(2, 5, seed=1)
    assert strip.shape == (5, 2, 1, 8, 8)
    assert np.array_equal(strip[0], run.sample(2, seed=1))
    assert np.array_equal(strip[-1], run.sample(4, seed=1)[2:])


def test_a_loop_has_no_jump_at_its_end(runs: Path) -> None:
    run = api.load("tiny")
    frames = run.interpolate(1, 4, seed=1, loop=True)
    arc = run.interpolate(1, 2, seed=1)
    assert np.array_equal(frames[0], arc[0])
    assert np.array_equal(frames[1], arc[1])  # a quarter of the way round


def test_strips_and_animations_are_written(runs: Path) -> None:
    assert main(["sample", "--interpolate", "--out", "strip.png", "--count", "7"]) == 0
    width, height = Image.open("strip.png").size
    assert width > 5 * height
    assert main(["sample", "--gif", "--out", "loop.gif", "--count", "4"]) == 0
    animation = Image.open("loop.gif")
    assert getattr(animation, "n_frames", 1) > 10


# data


def test_ways_between_real_pictures_are_written(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, level in (("dark", 40), ("light", 200)):
        Image.new("RGB", (20, 16), (level, level, level)).save(f"{name}.png")
    for files, rows in ((["dark.png", "light.png"], 1), (["dark.png"], 1), ([], 6)):
        assert main(["sample", "tiny", "--out", "strip.png", "--count", "3", "--between", *files]) == 0
        assert "mean error of the inversion: " in capsys.readouterr().out
        strip = Image.open("strip.png")
        tile = (strip.width + 2) // 5
        assert abs(strip.height - rows * tile) <= 12 and "Real pictures" in strip.info["Description"]
    assert main(["sample", "tiny", "--between"]) == 0
    assert Path("runs/tiny/generated/between-round-4-seed-0.png").exists()


def test_data_is_looked_through_and_pictured(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "digits", "--size", "16", "--flip"]) == 0
    said = capsys.readouterr().out
    assert "1,797" in said
    assert "16x16" in said
    assert "mirrored" in said
    assert Image.open("digits-sheet.png").format == "PNG"


def test_the_sheet_goes_where_it_is_sent_or_nowhere(place: Path) -> None:
    assert main(["data", "8gaussians", "--sheet", "sheets/ring.png"]) == 0
    assert Path("sheets/ring.png").is_file()
    assert main(["data", "8gaussians", "--no-sheet"]) == 0
    assert not Path("8gaussians-sheet.png").exists()


def test_refused_data_is_described_all_the_same(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("few").mkdir()
    Image.new("RGB", (8, 8)).save("few/only.png")
    assert main(["data", "few"]) == 2
    out, err = capsys.readouterr()
    assert "1 found" in out
    assert len(err.splitlines()) == 1


def test_the_cache_can_be_cleared(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--clear-cache", "--cache", "elsewhere"]) == 0
    assert "nothing deleted from" in capsys.readouterr().out


# how it ends


LONG = ["train", "wgan-gp", *SMALL, "--rounds", "99999", "--engine", "eager"]


def check_interrupted(said: str) -> None:
    """A run that had begun was saved, and the line on standard error says where."""
    run = api.load()
    assert 1 <= run.rounds_done < 99999
    saved = Path("runs/wgan-gp-digits/checkpoints") / run.checkpoints[-1].name
    assert said == (
        f"steadygan: interrupted; round {run.rounds_done:,} of 99,999 is saved in {saved}; "
        "to go on: steadygan resume wgan-gp-digits\n"
    )


def test_ctrl_c_saves_says_how_to_go_on_and_has_its_code(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trainer, "training_round", sends(signal.SIGINT, trainer.training_round, at=3))
    assert main(LONG) == 130
    check_interrupted(capsys.readouterr().err)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
def test_a_process_that_is_terminated_saves_says_how_to_go_on_and_has_its_code(place: Path) -> None:
    line = [sys.executable, "-u", "-m", "steadygan", *LONG]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for said in process.stdout:
            if said.startswith("round 1/"):
                break
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    check_interrupted(err)


def test_an_interruption_before_the_first_round_says_that_nothing_was_saved(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> api.Run:
        raise KeyboardInterrupt

    assert ending.carry_out(Path("runs/new"), interrupted) == 130
    assert capsys.readouterr().err == "steadygan: interrupted before the first round; nothing was saved\n"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "steadygan: interrupted; what was saved before is intact\n"),
        (OSError(28, "No space left on device", "a/b.png"), 1, "steadygan: a/b.png: No space left on device\n"),
        (UsageError("two\nlines"), 2, "steadygan: two lines\n"),
    ],
)
def test_what_is_to_be_expected_is_one_line(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: list[str]) -> int:
        raise error

    monkeypatch.setattr("steadygan.cli.runs.run", fail)
    assert main(["runs"]) == code
    assert capsys.readouterr().err == line


def test_what_is_not_to_be_expected_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steadygan.cli.runs.run", lambda arguments: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        main(["runs"])


def test_traces_are_shown_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYGAN_TRACEBACK", "1")
    with pytest.raises(UsageError):
        main(["trian"])


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of another kind")
def test_a_reader_that_goes_away_is_no_error() -> None:
    line = [sys.executable, "-m", "steadygan", "recipes", "wgan-gp"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_an_output_that_knows_no_umlauts_gets_question_marks(runs: Path) -> None:
    shutil.copytree("runs/tiny", "runs/größer")
    done = shell("runs", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "gr??er" in done.stdout or "gr?er" in done.stdout
    assert shell("report", "nö", PYTHONIOENCODING="ascii").returncode == 2


def test_runs_are_measured_and_compared_from_the_command_line(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("runs/tiny", "runs/twin")
    recipe = Path("runs/twin/recipe.yaml")
    recipe.write_text(recipe.read_text().replace("seed: 3", "seed: 4"))
    options = ["--features", "pixels", "--metrics", "frechet,memorisation", "--count", "100"]
    assert main(["evaluate", "tiny", "twin", *options]) == 0
    said = capsys.readouterr().out
    assert "frechet " in said and "100 samples (average) beside 1,617 of digits" in said
    assert Path("runs/tiny/nearest.png").is_file()
    assert main(["compare", "tiny", "twin", "--out", "page.html"]) == 0
    said = capsys.readouterr().out
    assert "(2 seeds)" in said and "uint8 samples, weights average" in said
    assert "<table>" in Path("page.html").read_text()
    assert main(["evaluate", "twin", *options[:-1], "200"]) == 0
    capsys.readouterr()
    assert main(["compare", "tiny", "twin"]) == 0  # numbers of like origin are there still
    shutil.rmtree("runs/twin/checkpoints")
    assert main(["evaluate", "twin", *options]) == 1
    assert "has no checkpoint yet" in capsys.readouterr().err


def test_the_best_checkpoint_can_be_sampled(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluations = Path("runs/tiny/evaluations.jsonl")
    rows = [f'{{"round": {r}, "judge": "frechet", "frechet": {v}}}' for r, v in ((2, 1.0), (4, 2.0))]
    evaluations.write_text("\n".join(rows))
    for name, round_ in (("best", "best"), ("two", "2")):
        assert main(["sample", "tiny", "--round", round_, "--count", "3", "--out", f"{name}.npz"]) == 0
    best, two = (np.load(f"{name}.npz")["images"] for name in ("best", "two"))
    assert (best == two).all()
