"""Comparisons of runs: tables, intervals and the page."""

from __future__ import annotations

import dataclasses
import math

import pytest

from steadygan.errors import UsageError
from steadygan.evaluation.comparison import compare
from steadygan.evaluation.differences import differences_line, differing
from steadygan.evaluation.page import page_of, write_comparison
from steadygan.evaluation.record import Evaluation, Number, add, read
from steadygan.evaluation.tables import comparison_lines
from tests.evaluation.test_record import ORIGIN


@pytest.fixture
def run_of(tmp_path):
    """Makes the folder of a run with one number of a recipe and seed."""

    def make(recipe, seed, value, *, metric="frechet", better="lower", settings=None, **changes):
        folder = tmp_path / f"{recipe}-{seed}"
        folder.mkdir(exist_ok=True)
        (folder / "recipe.yaml").write_text("format: 1\n")
        origin = dataclasses.replace(
            ORIGIN, recipe=recipe, recipe_hash=recipe, training_seed=seed, **{"round": 10, **changes}
        )
        add(folder, [Evaluation(origin, (Number(metric, value, 0.5, 1.0, 20, better, settings or {}),))])
        return folder

    return make


def test_runs_that_differ_in_their_seed_share_a_column_with_students_interval(run_of):
    runs = [run_of("a", seed, value) for seed, value in enumerate([1.0, 2.0, 3.0])]
    runs += [run_of("b", seed, value) for seed, value in enumerate([10.0, 11.0, 12.0])]
    table = compare(runs)
    assert [(group.name, group.seeds) for group in table.groups] == [("a", (0, 1, 2)), ("b", (0, 1, 2))]
    cell = table.lines[0].cells[0]
    # Student's 97.5% quantile with 2 degrees of freedom is 4.30265; the deviation of 1, 2, 3 is 1
    assert cell.interval.low == pytest.approx(2 - 4.30265 / math.sqrt(3), abs=1e-4)
    assert cell.sampling_error == pytest.approx(0.5)
    assert table.lines[0].floor == 1.0


@pytest.mark.parametrize(
    ("a", "b", "better", "winner"),
    [
        ([1.0, 1.1, 1.2], [5.0, 5.1, 5.2], "lower", 0),
        ([1.0, 1.1, 1.2], [5.0, 5.1, 5.2], "higher", 1),
        ([1.0, 1.1, 1.2], [5.0, 5.1, 5.2], "one", 0),
        ([1.0, 5.0, 3.0], [3.0, 6.0, 5.0], "lower", None),
        ([1.0], [5.0], "lower", None),
        ([0.94, 0.95, 0.96], [1.055, 1.06, 1.065], "one", None),  # apart, and as far from 1
        ([0.97, 0.98, 0.97], [1.2, 1.21, 1.2], "one", 0),
        ([0.5, 0.51, 0.49], [0.8, 0.81, 0.8], "half", 0),
        ([24.0, 24.0], [25.0, 25.0], "higher", None),  # whole numbers: two runs agree by chance
        ([24.0, 24.0, 24.0], [25.0, 25.0, 25.0], "higher", 1),
    ],
)
def test_a_winner_is_named_only_where_intervals_over_seeds_lie_apart(run_of, a, b, better, winner):
    runs = [run_of(name, s, v, better=better) for name, vs in (("a", a), ("b", b)) for s, v in enumerate(vs)]
    assert compare(runs).lines[0].winner == winner


def test_one_seed_gets_a_note_that_it_proves_nothing(run_of):
    assert "one seed only: a; b" in compare([run_of("a", 0, 1.0), run_of("b", 0, 9.0)]).notes[0]


def test_two_seeds_show_both_values_and_why_there_is_no_interval(run_of):
    runs = [run_of(name, seed, value + seed) for name, value in (("a", 1.0), ("b", 1.25)) for seed in range(2)]
    text = "\n".join(comparison_lines(compare(runs)))
    assert "1.50 [1.00, 2.00]" in text and "1.50 ±" not in text
    assert "two seeds only: a; b" in text and "12.7 standard errors" in text


def test_what_is_not_decided_says_whose_seeds_spread_how_far(run_of):
    runs = [run_of("a", s, v) for s, v in enumerate([0.8, 0.9, 1.0])]
    runs += [run_of("b", s, v) for s, v in enumerate([5.0, 8.0, 20.0])]
    table = compare(runs)
    assert table.lines[0].winner is None
    (note,) = [note for note in table.notes if "not decided" in note]
    # mean 11, deviation sqrt(63), Student's quantile 4.30265: 11 - 19.72 and 11 + 19.72
    assert "frechet (b: 3 seeds from 5.00 to 20.0, so its mean is only known to lie in -8.72 to 30.7)" in note


@pytest.fixture
def recipe_of(run_of):
    """Gives a run of ``run_of`` a recipe.yaml."""

    def write(folder, text):
        (folder / "recipe.yaml").write_text(f"format: 1\n{text}\n")
        return folder

    return write


def test_columns_of_one_name_are_named_by_the_settings_in_which_they_differ(run_of, recipe_of):
    runs = []
    for width in (32, 64):
        run = run_of(f"w{width}", 0, 1.0)
        recipe_of(run, f"name: a\nseed: {width}\ncritic: {{kind: MLP, width: {width}}}\nrun: {{log_every: {width}}}")
        renamed = dataclasses.replace(read(run)[0].provenance, recipe="a")
        (run / "evaluation.json").unlink()
        add(run, [Evaluation(renamed, read_number(1.0))])
        runs.append(run)
    table = compare(runs)
    assert [group.name for group in table.groups] == ["a, critic.width 32", "a, critic.width 64"]
    assert table.notes[0] == "the recipes differ in critic.width (32, 64)"


def read_number(value):
    return (Number("frechet", value, 0.5, 1.0, 20, "lower", {}),)


def test_long_names_of_columns_stand_above_the_table(run_of):
    name = "wgan-gp-with-a-name-of-thirty-one"
    lines = comparison_lines(compare([run_of("a", 0, 1.0), run_of(name, 0, 2.0)]))
    assert lines[:2] == ["A: a (1 seed)", f"B: {name} (1 seed)"]
    assert lines[2].split() == ["metric", "A", "B", "real"]


def test_other_kinds_of_a_part_stand_for_its_fields():
    a = {"critic": {"kind": "MLP", "width": 64}, "penalties": [{"kind": "R1", "gamma": 1.0}], "rounds": 5}
    b = {"critic": {"kind": "DCGAN", "norm": "batch"}, "penalties": [{"kind": "R1", "gamma": 2.0}], "rounds": 5}
    found = differing([a, b])
    assert found == {"critic": ("MLP", "DCGAN"), "penalties[0].gamma": ("1.0", "2.0")}
    assert differences_line(found) == "critic (MLP, DCGAN), penalties[0].gamma (1.0, 2.0)"


def test_seeds_places_and_logging_are_no_differences():
    a = {"name": "a", "seed": 1, "data": {"source": "/a", "size": 8}, "run": {"log_every": 1, "precision": "fp32"}}
    b = {"name": "b", "seed": 2, "data": {"source": "/b", "size": 8}, "run": {"log_every": 2, "precision": "bf16"}}
    assert differing([a, b]) == {"run.precision": ("fp32", "bf16")}


def test_many_differences_are_counted():
    a, b = ({f"f{i}": i + shift for i in range(9)} for shift in (0, 1))
    assert differences_line(differing([a, b])).endswith("f5 (5, 6), and 3 more")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"count": 500}, "count: 200 and 500"),
        ({"features_hash": "0" * 64}, "features hash: pixels ffffffff and pixels 00000000"),
        ({"data_hash": "0" * 32}, "data hash: digits dddddddd and digits 00000000"),
        ({"weights": "raw"}, "weights: average and raw"),
        ({"resize": "bicubic"}, "resize: none and bicubic"),
        ({"real": 7}, "real: 100 and 7"),
    ],
)
def test_unlike_numbers_are_refused_and_the_difference_named(run_of, changes, named):
    with pytest.raises(UsageError) as caught:
        compare([run_of("a", 0, 1.0), run_of("b", 0, 2.0, **changes)])
    assert named in str(caught.value) and "\n" not in str(caught.value)


def test_other_settings_of_a_metric_are_refused(run_of):
    with pytest.raises(UsageError, match="different settings"):
        compare([run_of("a", 0, 1.0, settings={"k": 3}), run_of("b", 0, 1.0, settings={"k": 5})])


def test_of_several_rounds_the_last_counts_and_different_ones_are_noted(run_of):
    run = run_of("a", 0, 1.0)
    run_of("a", 0, 7.0, round=40)
    table = compare([run, run_of("b", 0, 2.0)])
    assert table.lines[0].cells[0].values == (7.0,)
    assert any("different rounds: 10, 40" in note for note in table.notes)


def test_other_versions_of_a_library_are_noted(run_of):
    table = compare([run_of("a", 0, 1.0), run_of("b", 0, 2.0, versions={"torch": "2.11.0"})])
    assert any("versions of torch differ: 2.11.0, 2.13.0" in note for note in table.notes)


def test_what_cannot_be_compared_is_one_line(run_of, tmp_path):
    run = run_of("a", 0, 1.0)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "recipe.yaml").write_text("format: 1\n")
    for runs, said in [
        ([run], "needs two runs or more, got 1"),
        ([run, run], "stands twice"),
        ([run, bare], "has no numbers yet: 'steadygan evaluate"),
        ([run, tmp_path / "none"], "there is no run"),
    ]:
        with pytest.raises(UsageError, match=said):
            compare(runs)


def test_the_same_recipe_with_the_same_seed_twice_is_refused(run_of, tmp_path):
    run = run_of("a", 0, 1.0)
    copy = tmp_path / "copy"
    run.rename(copy)
    with pytest.raises(UsageError, match="same recipe with the same seed"):
        compare([run_of("a", 0, 1.0), copy])
    with pytest.raises(UsageError, match=r"copy and .*a-0 are the same recipe"):  # not those of seeds 1 and 0
        compare([run_of("a", 1, 1.0), copy, run_of("a", 0, 1.0)])


def test_the_page_and_the_lines_hold_each_number_and_what_it_rests_on(run_of, tmp_path):
    runs = [run_of(name, seed, value + seed / 10) for name, value in (("a", 1.0), ("b", 9.0)) for seed in range(3)]
    table = compare(runs)
    text, page = "\n".join(comparison_lines(table)), page_of(table)
    for said in ("1.10", "9.10", "frechet", "pixels", "200 uint8 samples"):
        assert said in text and said in page
    assert "1.10 ± 0.248 (± 0.500) *" in text
    assert write_comparison(table, tmp_path / "new" / "page.html").read_text() == page
    with pytest.raises(UsageError, match="written as"):
        write_comparison(table, tmp_path / "page.pdf")
