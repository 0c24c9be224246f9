"""benchmarks/recipe_table.py: its trainings, their order, how it continues, and its page."""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from benchmarks import recipe_table, table_cell, table_page, table_results
from benchmarks.laptop import at_rate, in_cpu_minutes, on_a_laptop, recipes_for
from benchmarks.recipe_table import Started, carry_on, outcome
from benchmarks.table_cell import Key, Study, beside, collapse, digest, made, save_small
from benchmarks.table_results import Measured, Plan, add, begin, best_factor, file_of, left, measured, missing, read
from steadygan import recipes
from steadygan.data import DataOptions, open_data
from steadygan.errors import UsageError
from steadygan.recipes import RECIPES
from steadygan.types import SampleSpec

IMAGES = SampleSpec((1, 32, 32), 10)
STUDY = Study("digits", "0", size=8, minutes=0.02, threads=1, jobs=2, width=4, batch=8, count=100)
SETTINGS = ("size", "minutes", "threads", "jobs", "width", "batch", "count")
PLAN = Plan((0.5, 1.0), tuning_seed=0, tuning_share=0.25, seeds=(1, 2), own_seeds=(1,))


def result(key: Key, distance: float | None, line: str = "") -> dict:
    numbers = {} if distance is None else {"frechet": {"value": distance, "error": 0.1, "floor": None}}
    status = "ok" if not line else "failed" if distance is None else "collapsed"
    return {
        **dataclasses.asdict(key),
        "status": status,
        "line": line,
        "numbers": numbers,
        "rounds": 9,
        "cpu_seconds": 3,
    }


def results(**distances: float | None) -> dict[Key, dict]:
    """Of 'gan', by factor and seed: f05s1=3.0; seed 0 stands for the tuning."""
    found = {}
    for name, distance in distances.items():
        factor, seed = name[1:].split("s")
        key = Key("gan", {"05": 0.5, "1": 1.0}[factor], int(seed), 1.0 if int(seed) else 0.25)
        found[key] = result(key, distance, "" if distance is not None else "the loss is not finite")
    return found


# recipes on a laptop


@pytest.mark.parametrize("name", RECIPES)
def test_every_image_recipe_is_narrowed_by_one_rule_and_keeps_the_rest(name):
    try:
        recipe = RECIPES[name](IMAGES)
    except UsageError:
        pytest.skip("not for images")
    small = on_a_laptop(recipe, width=8, batch=16)
    assert small.batch <= 16
    if hasattr(recipe.critic, "width"):
        fully_connected = type(recipe.critic).__name__.startswith("MLP")
        assert small.critic.width == (recipe.critic.width if fully_connected else min(8, recipe.critic.width))
    kept = {"generator", "critic", "batch", "generator_batch", "growth"}
    assert max(small.growth.batches if small.growth else (0,)) <= 16
    fields = [field.name for field in dataclasses.fields(recipe) if field.name not in kept]
    assert all(getattr(small, field) == getattr(recipe, field) for field in fields)


def test_networks_inside_others_are_narrowed_and_generator_batches_stay_in_proportion():
    small = on_a_laptop(recipes.acgan(IMAGES), width=8)
    assert small.generator.network.width == 8
    assert on_a_laptop(dataclasses.replace(recipes.wgan_gp_cifar10(), batch=256), batch=64).generator_batch == 32
    assert on_a_laptop(recipes.wgan_gp_cifar10()).generator_batch == 128


def test_a_factor_multiplies_both_rates():
    recipe = at_rate(recipes.wgan(IMAGES), 4.0)
    assert recipe.generator_optimizer.lr == recipe.critic_optimizer.lr == pytest.approx(2e-4)


def test_recipes_that_refuse_the_data_are_kept_with_their_line():
    found, refused = recipes_for(IMAGES)
    assert {"gan", "wgan-gp"} <= set(found) and set(found) | set(refused) == set(RECIPES)
    assert refused["sngan-cifar10"] == "a preset for other data or sizes"


# what is missing


def test_all_factors_come_first_then_the_best_and_the_recipes_own_with_the_other_seeds():
    assert missing(["gan"], {}, PLAN) == [Key("gan", 0.5, 0, 0.25), Key("gan", 1.0, 0, 0.25)]
    tuned = results(f05s0=3.0, f1s0=4.0)
    assert best_factor(tuned, "gan", PLAN) == 0.5
    assert missing(["gan"], tuned, PLAN) == [Key("gan", 0.5, 1), Key("gan", 0.5, 2), Key("gan", 1.0, 1)]
    assert missing(["gan"], results(f05s0=5.0, f1s0=4.0, f1s1=4.0), PLAN) == [Key("gan", 1.0, 2)]


def test_a_recipe_that_failed_at_every_rate_gets_its_seeds_at_its_own():
    failed = results(f05s0=None, f1s0=None)
    assert best_factor(failed, "gan", PLAN) == 1.0
    assert missing(["gan"], failed, PLAN) == [Key("gan", 1.0, 1), Key("gan", 1.0, 2)]
    assert best_factor(results(f05s0=None, f1s0=9.0), "gan", PLAN) == 1.0


def test_a_tuning_seed_among_the_others_is_trained_for_the_whole_time_too():
    plan = Plan((1.0,), tuning_seed=1, seeds=(1, 2))
    tuned = {Key("gan", 1.0, 1, 0.25): result(Key("gan", 1.0, 1, 0.25), 4.0)}
    assert missing(["gan"], tuned, plan) == [Key("gan", 1.0, 1), Key("gan", 1.0, 2)]


def test_what_cannot_be_named_yet_is_counted():
    assert left(["gan", "wgan"], {}, PLAN) == 2 * (2 + 3)
    assert left(["gan"], results(f05s0=3.0, f1s0=4.0), PLAN) == 3
    assert left(["gan"], results(f05s0=5.0, f1s0=4.0), PLAN) == 2


def test_results_are_read_back_even_behind_a_line_that_was_cut_off(tmp_path):
    path = tmp_path / "some.jsonl"
    begin(path, STUDY, {"torch": "2"})
    (key, first), (other, second) = results(f05s0=3.0, f1s0=4.0).items()
    add(path, first)
    path.write_bytes(path.read_bytes() + b'{"recipe": "gan", "fac')
    add(path, second)
    add(path, {**first, "line": "again"})
    study, held = read(path)
    assert study == STUDY and held == {key: {**first, "line": "again"}, other: second}
    assert all(json.loads(line) for line in path.read_text().splitlines())


# one training


def test_the_minutes_are_those_of_two_cores_and_tuning_gets_a_share():
    study = dataclasses.replace(STUDY, minutes=2.0)
    assert study.cpu_minutes(Key("gan", 1.0, 0)) == 4.0
    assert study.cpu_minutes(Key("gan", 1.0, 0, 0.25)) == 1.0


def test_rounds_are_fitted_to_cpu_time():
    dataset = open_data(DataOptions("digits", size=8))
    recipe = made(recipes.wgan_gp(dataset.sample), STUDY, Key("wgan-gp", 1.0, 0))
    few, many = (in_cpu_minutes(recipe, dataset, minutes).rounds for minutes in (0.005, 0.1))
    assert 1 <= few < many / 4


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"spread": 0.9, "class_distance": 0.2}, ""),
        ({"spread": 0.9}, ""),
        ({"spread": 0.02}, "collapsed: the pixels vary 0.0200 times"),
        ({"spread": 0.9, "class_distance": 0.89}, "nearly all samples are of one class (class distance 0.890)"),
    ],
)
def test_samples_that_are_all_alike_are_called_collapsed(numbers, said):
    found = collapse({name: {"value": value} for name, value in numbers.items()})
    assert (said in found) if said else found == ""


def test_seeds_and_watching_do_not_change_a_recipes_digest_and_rates_do():
    base = recipes.gan(IMAGES)
    one, other = (made(base, STUDY, Key("gan", 1.0, seed)) for seed in (1, 2))
    assert digest(one) == digest(other) != digest(made(base, STUDY, Key("gan", 2.0, 1)))
    assert one.run.evaluate == "none" and one.run.threads == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_stay_small_even_of_noise(channels, tmp_path):
    samples = np.random.default_rng(0).integers(0, 256, (64, channels, 32, 32), dtype=np.uint8)
    path = save_small(samples, tmp_path / "noise.png", "what it shows")
    assert path.stat().st_size < 60_000
    with Image.open(path) as image:
        assert image.width >= 8 * 32 and image.info["Description"] == "what it shows"
    flat = np.zeros((64, 3, 32, 32), np.uint8)
    with Image.open(save_small(flat, tmp_path / "flat.png", "")) as image:
        assert image.width >= 16 * 32 and image.mode == "RGB"


def test_a_training_is_measured_pictured_and_leaves_one_line(tmp_path, monkeypatch):
    seen = {"spread": {"value": 1.0, "error": None}, "frechet": {"value": 2.0, "error": 0.1}}
    monkeypatch.setattr(table_cell, "_numbers", lambda run, dataset, count: seen)
    found = table_cell.carry_out(STUDY, "digits", Key("acgan", 2.0, 3), tmp_path / "run")
    assert (found["status"], found["seed"], found["rounds"] >= 1) == ("ok", 3, True)
    assert found["critic_rate"] == pytest.approx(4e-4) and found["cpu_seconds"] > 0
    assert "rates times 2" in Image.open(tmp_path / "run.png").info["Description"]
    json.dumps(found)


def test_a_training_that_cannot_be_is_a_failure_with_its_line(tmp_path):
    found = table_cell.carry_out(dataclasses.replace(STUDY, size=20), "digits", Key("dcgan", 1.0, 0), tmp_path / "run")
    assert found["status"] == "failed" and "takes images of 8, 16, 28, 32" in found["line"]


# many trainings


def test_a_process_that_dies_is_a_failure_with_its_last_line(tmp_path):
    folder, key = tmp_path / "run", Key("gan", 1.0, 0)
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    process.wait()
    beside(folder, ".log").write_text("Traceback\nValueError: too thin\n")
    found = outcome(Started(process, folder, time.monotonic()), STUDY, key)
    assert found == {**dataclasses.asdict(key), "status": "failed", "line": "ended with code 3: ValueError: too thin"}


class Done:
    """A process that has ended well."""

    def poll(self):
        return 0

    def kill(self):
        raise AssertionError("it has ended")


def test_a_later_call_goes_on_with_what_is_missing(tmp_path, monkeypatch, capsys):
    begun = []

    def start(study, source, key, runs, *, keep):
        begun.append(key)
        folder = runs / str(key)
        beside(folder, ".json").write_text(json.dumps(result(key, key.factor + key.seed)))
        return Started(Done(), folder, time.monotonic())  # type: ignore[arg-type]

    monkeypatch.setattr(recipe_table, "start", start)
    path, args = tmp_path / "some.jsonl", argparse.Namespace(budget=0, runs=tmp_path, keep=False)
    begin(path, STUDY, {})
    carry_on(path, STUDY, "digits", ["gan"], PLAN, args)
    assert begun == []  # no time left
    args.budget = None
    carry_on(path, STUDY, "digits", ["gan"], PLAN, args)
    assert len(begun) == len(set(begun)) == 2 + 3
    carry_on(path, STUDY, "digits", ["gan", "wgan"], PLAN, args)
    assert {key.recipe for key in begun[5:]} == {"wgan"} and len(begun) == 10
    assert missing(["gan", "wgan"], read(path)[1], PLAN) == []
    assert all({"commit", "torch"} <= line.keys() for line in read(path)[1].values())
    assert "gan-x0.5-s0-t0.25: ok, Fréchet distance 0.500" in capsys.readouterr().out


# the page


def page_of(found, recipes, refused=(), changed=(), plan=PLAN):
    table = Measured("some", STUDY, {"torch": "2", "processor": "a CPU"}, found)
    return table_page.page([table], recipes, dict(refused), [changed], plan)


def test_the_page_has_means_over_seeds_default_rates_and_every_failure():
    found = results(f05s0=3.0, f1s0=4.0, f05s1=3.0, f05s2=3.5, f1s1=4.0, f1s2=4.4)
    for key in [key for key in found if key.seed]:
        other = dataclasses.replace(key, recipe="wgan")
        found[other] = result(other, 3.4)
    for key in PLAN.tuning("wgan"):
        found[key] = result(key, None, "the critic's loss is not finite")
    text = page_of(found, ["wgan", "gan"], {"text": "it is for text"}, ["gan"])
    (gan,) = [line for line in text.splitlines() if line.startswith("| `gan` | ×0.5")]
    assert "3.25 [3.00, 3.50] (± 0.100)" in gan and gan.endswith("| none |")
    assert "| 4.00 (± 0.100) |" in gan
    assert text.index("| `gan` | ×0.5") < text.index("| `wgan` | ×1")  # the better one first
    # 3 and 3.5 lie 0.25 from their mean, and 12.706 standard errors of 0.25 are 3.18
    assert "Against `wgan` these seeds do not decide (`gan`: 2 seeds from 3.00 to 3.50" in text
    assert "its mean is only known to lie in 0.0734 to 6.43)" in text
    assert "- `wgan`, rates ×1, seed 0 (tuning): the critic's loss is not finite" in text
    assert (
        "Not complete" not in text
        and "- `text`: it is for text" in text
        and "Changed since they were measured: `gan`" in text
    )


def test_a_table_in_the_making_says_what_is_not_run():
    found = results(f05s0=3.0, f1s0=4.0, f05s1=3.0)
    text = page_of(found, ["gan"])
    assert "1 of 2 seeds not run" in text and "do not decide" not in text
    missing = table_results.left(["gan"], found, PLAN)
    assert missing and f"**Not complete**: of `gan` trainings are missing, {missing} at most." in text


def test_recipes_whose_intervals_have_no_point_in_common_are_decided():
    plan = Plan((1.0,))
    found = {}
    for name, base in (("gan", 1.0), ("wgan", 9.0)):
        for key in [*plan.tuning(name), *plan.whole(name, 1.0)]:
            found[key] = result(key, base + key.seed / 100)
    assert table_page.touching(table_page.rows(["wgan", "gan"], found, plan)) == []
    assert "no interval over seeds has a point in common" in page_of(found, ["wgan", "gan"], plan=plan)


def test_a_study_keeps_to_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe_table, "RESULTS", tmp_path)
    begin(tmp_path / "recipe-table.jsonl", STUDY, {"processor": recipe_table.processor()})
    with pytest.raises(UsageError, match="holds another study"):
        recipe_table.main(["--size", "8", "--plan"])


def test_each_processor_has_a_file_and_a_table_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe_table, "RESULTS", tmp_path)
    dataset = open_data(DataOptions("digits", size=8))
    study = dataclasses.replace(STUDY, data=dataset.name, fingerprint=dataset.fingerprint, size=8)
    first = tmp_path / "recipe-table.jsonl"
    assert file_of(tmp_path, "recipe-table", "a CPU, AVX2") == first
    begin(first, study, {"torch": "2", "processor": "a CPU, AVX512 with bfloat16"})
    for key, distance in ((key, 3.0) for key in [*PLAN.tuning("gan"), *PLAN.whole("gan", 0.5)]):
        add(first, result(key, distance))
    before, begun = first.read_bytes(), []
    monkeypatch.setattr(recipe_table, "carry_on", lambda path, *_: begun.append(path))
    monkeypatch.setattr(recipe_table, "warm_up", lambda _: None)
    words = [f"--{name}={getattr(study, name)}" for name in SETTINGS]
    for processor, name in (
        ("a CPU, AVX2", "recipe-table-a-cpu-avx2.jsonl"),
        ("a CPU, AVX512 with bfloat16", "recipe-table.jsonl"),
        ("a CPU, AVX2", "recipe-table-a-cpu-avx2.jsonl"),
    ):
        monkeypatch.setattr(recipe_table, "processor", lambda processor=processor: processor)
        recipe_table.main([*words, f"--runs={tmp_path / 'runs'}"])
        assert begun.pop().name == name
    assert first.read_bytes() == before
    tables = measured(tmp_path, "recipe-table")
    assert [table.processor for table in tables] == ["a CPU, AVX512 with bfloat16", "a CPU, AVX2"]
    assert len(tables[0].results) == 5 and not tables[1].results


def test_a_recipe_measured_on_one_processor_is_not_missing_and_tables_are_not_mixed():
    gan = results(f05s0=3.0, f1s0=4.0, f05s1=3.0, f05s2=3.5, f1s1=4.0)
    wgan = {dataclasses.replace(key, recipe="wgan"): {**line, "recipe": "wgan"} for key, line in gan.items()}
    one = Measured("one", STUDY, {"processor": "fast"}, gan)
    two = Measured("two", dataclasses.replace(STUDY, jobs=1), {"processor": "slow"}, wgan)
    text = table_page.page([one, two], ["gan", "wgan"], {}, [["gan", "wgan"], []], PLAN)
    assert "Not complete" not in text
    fast, slow = text.split("## fast")[1].split("## slow")
    assert "`gan`" in fast and "`wgan`" not in fast
    assert "`wgan`" in slow and "`gan`" not in slow
    assert "2 trainings side by side" in fast and "one training at a time" in slow
    assert "Changed since they were measured: `gan`." in fast


def test_the_picture_of_a_recipe_is_of_a_processor_that_measured_it_as_it_is(tmp_path, monkeypatch):
    dataset = open_data(DataOptions("digits", size=8))
    monkeypatch.setattr(recipe_table, "PICTURES", tmp_path / "pictures")
    monkeypatch.setattr(recipe_table, "PAGE", tmp_path / "page.md")
    found = {key: result(key, distance) for key, distance in zip(PLAN.whole("gan", 1.0), (3.0, 2.0), strict=True)}
    found |= {key: result(key, key.factor) for key in PLAN.tuning("gan")}
    best = {**found, **{key: result(key, 2 - key.factor) for key in PLAN.tuning("gan")}}
    as_now = digest(made(RECIPES["gan"](dataset.sample), STUDY, Key("gan", 1.0, 1)))
    for digests, shown in (((as_now, as_now), "first"), (("other", as_now), "second"), (("other", "other"), "first")):
        tables = []
        for name, mark in zip(("first", "second"), digests, strict=True):
            results = {
                key: {**line, "digest": mark} if key.factor == 1 and key.share == 1 else line
                for key, line in best.items()
            }
            tables.append(Measured(name, STUDY, {"processor": name}, results))
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "gan-x1-s2.png").write_text(name)
        recipe_table.write_page(tables, dataset, ["gan"], PLAN, tmp_path)
        assert (tmp_path / "pictures" / "gan.png").read_text() == shown


def test_a_page_of_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe_table, "RESULTS", tmp_path)
    with pytest.raises(UsageError, match="nothing is measured"):
        recipe_table.main(["--size", "8", "--table"])
