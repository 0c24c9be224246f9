"""Logs of other tools, imitated: what is read of them is what was written, or one line says why not."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from steadygan.diagnostics.foreign import is_log, read
from steadygan.diagnostics.foreign.looks import MOST
from steadygan.diagnostics.foreign.text import LONGEST
from steadygan.errors import DataError, UsageError


def written(folder: Path, text: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


PLAIN = "step,d_loss,g_loss\n1,0.5,1\n2,0.25,2\n"
AS_PLAIN = [(1, 0.5, 1.0), (2, 0.25, 2.0)]


def losses(path: Path) -> list[tuple[object, ...]]:
    return [(row["round"], row.get("critic_loss"), row.get("generator_loss")) for row in read(path).rows]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", ";").replace(".", ","),
        PLAIN.replace(",", " , "),
        PLAIN.replace(",", "   "),
        PLAIN.replace(",", ";").replace(".", ",") + "3;1e-05;1\n2;0,25;2\n",
        "# made by a tool\n\n" + PLAIN,
        '"step","d_loss","g_loss"\n"1","0.5","1"\n"2","0.25","2"\n',
        ",step,d_loss,g_loss\n0,1,0.5,1\n1,2,0.25,2\n",
        PLAIN.removesuffix("\n"),
        "step,d_loss,g_loss\n1,0.5,\n1,,1\n2,0.25,nan\n2,nan,2\n",
        "step,d_loss,g_loss\n1,0.5,1\n2,9,9\n3,9,9\n2,0.25,2\n",
        "step,d_loss,g_loss\n1,0.5,1\nstep,d_loss,g_loss\n2,0.25,2\n",
        "step,d_loss,g_loss,x\n1,0.5,1\n2,0.25,2\n",
        "sep=;\n" + PLAIN.replace(",", ";"),
        "step,d_loss,g_loss\n1,\"tensor(0.5, device='cuda:0', grad_fn=<MeanBackward0>)\",[1.]\n"
        '2,"tf.Tensor(0.25, shape=(), dtype=float32)",np.float64(2.0)\n',
    ],
)
def test_tables_of_text_are_read_as_what_they_mean(tmp_path: Path, text: str | bytes) -> None:
    assert losses(written(tmp_path, text)) == AS_PLAIN


@pytest.mark.parametrize(
    "text",
    [
        # tables of pandas, of one line and of several; a history beside settings
        '{"step": {"0": 1, "1": 2}, "d_loss": {"0": 0.5, "1": 0.25}, "g_loss": {"0": 1, "1": 2}}',
        '{"0": {"step": 1, "d_loss": 0.5, "g_loss": 1},\n "1": {"step": 2, "d_loss": 0.25, "g_loss": 2}}',
        '{"rates": {"g": 1}, "history": {"step": [1, 2], "d_loss": [0.5, 0.25], "g_loss": [1, 2]}}',
        '{"iter": 1, "errD": 0.5, "errG": 1}\n{"iter": 2, "errD": 0.25, "errG": 2}\n{"iter": 3, "err',
        '[{"iter": 1, "lossD": 0.5, "lossG": 1}, {"iter": 2, "lossD": 0.25, "lossG": "2.0"}]',
        '{"iteration": [1, 2], "D_loss": [0.5, 0.25], "G_loss": [1, 2]}',
        json.dumps({"note": "x" * LONGEST, "iteration": [1, 2], "D_loss": [0.5, 0.25], "G_loss": [1, 2]}),
        '{"step": 1, "d_loss": 0.5, "g_loss": 1, "betas": [0.5, 0.999]}\n{"step": 2, "d_loss": 0.25, "g_loss": 2}',
        '{\n "log_history": [\n {"step": 1, "loss_D": 0.5, "loss_G": 1},\n {"step": 2, "loss_D": 0.25, "loss_G": 2}]}',
        '{"step": 1, "losses": {"disc_loss": 0.5, "gen_loss": 1}}\n{"step": 2, "losses": {"disc_loss": 0.25, '
        '"gen_loss": 2}}\n',
    ],
)
def test_json_of_all_usual_forms(tmp_path: Path, text: str) -> None:
    assert losses(written(tmp_path, text, "log.json")) == AS_PLAIN


def test_stats_of_stylegan(tmp_path: Path) -> None:
    def stat(value: float) -> dict[str, float]:
        return {"num": 8, "mean": value, "std": 0.1}

    lines = [
        {
            "Loss/D/loss": stat(0.5),
            "Loss/G/loss": stat(1.5),
            "Loss/scores/real": stat(0.75),
            "Loss/scores/fake": stat(-0.25),
            "Loss/signs/real": stat(0.625),
            "Loss/r1_penalty": stat(7.0),
            "Progress/kimg": stat(4.0 * tick),
            "Progress/augment": stat(0.125),
            "timestamp": 1.6e9,
        }
        for tick in range(3)
    ]
    log = read(written(tmp_path, "".join(json.dumps(line) + "\n" for line in lines), "stats.jsonl"))
    looked = {"critic_loss": 0.5, "generator_loss": 1.5, "gap": 1.0, "r_t": 0.625, "augmentation": 0.125}
    assert [dict(row) for row in log.rows] == [{"round": 4000 * tick, **looked} for tick in range(3)]


def test_two_epochs_in_which_steps_begin_again(tmp_path: Path) -> None:
    rows = [f"{epoch},{step},1" for epoch in range(2) for step in range(50)]
    log = read(written(tmp_path, "\n".join(["epoch,step,critic_loss", *rows])))
    assert [row["round"] for row in log.rows] == list(range(100))


def test_a_training_that_went_on_within_an_epoch_has_the_rounds_that_it_says(tmp_path: Path) -> None:
    steps = [*range(0, 1000, 10), *range(900, 1500, 10)]
    rows = [f"{step // 500},{step},{index}" for index, step in enumerate(steps)]
    log = read(written(tmp_path, "\n".join(["epoch,step,critic_loss", *rows])))
    assert [row["round"] for row in log.rows] == list(range(0, 1500, 10))


def test_a_line_that_is_no_row_is_one_line(tmp_path: Path) -> None:
    for text in ("x" * 140_000, "step,d_loss\n1,2\n" + '"' + "y" * 140_000):
        with pytest.raises(DataError, match="characters is no row of a table") as caught:
            read(written(tmp_path, text))
        assert "\n" not in str(caught.value)


def test_epochs_in_which_steps_begin_again(tmp_path: Path) -> None:
    rows = [f"{epoch},{step},{10 * epoch + step}" for epoch in range(3) for step in range(4)]
    log = read(written(tmp_path, "\n".join(["epoch,step,critic_loss", *rows])))
    assert [(row["round"], row["critic_loss"]) for row in log.rows] == [
        (4 * epoch + step, 10.0 * epoch + step) for epoch in range(3) for step in range(4)
    ]


def test_a_log_without_header_is_told_by_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, "1,0.5,1\n2,0.25,2\n")
    with pytest.raises(UsageError, match="--columns"):
        read(path)
    log = read(path, {"critic_loss": "2", "round": "1"})
    assert [(row["round"], row["critic_loss"]) for row in log.rows] == [(1, 0.5), (2, 0.25)]


def test_a_loss_that_became_nan_is_not_finite_and_cells_without_numbers_are_not(tmp_path: Path) -> None:
    gone = read(written(tmp_path, "step,d_loss,g_loss\n1,0.5,1\n2,nan,2\n3,NaN,3\n"))
    assert [row.get("non_finite") for row in gone.rows] == [None, "d_loss", None]
    sparse = read(written(tmp_path, "step,d_loss,g_loss\n1,0.5,nan\n2,nan,2\n3,0.5,nan\n4,nan,2\n"))
    assert not any("non_finite" in row for row in sparse.rows)
    twice = read(written(tmp_path, "step,d_loss,g_loss\n1,0.5,nan\n1,nan,2\n2,0.5,nan\n2,nan,2\n"))
    assert not any("non_finite" in row for row in twice.rows)
    endless = read(written(tmp_path, "step,d_loss\n1,0.5\n2,-inf\n"))
    assert endless.rows[1]["non_finite"] == "d_loss"


@pytest.mark.parametrize(
    "spelling", ["nan", "-nan(ind)", "nan(snan)", "1.#QNAN", "-1.#IND", "inf", "-Infinity", "1.#INF"]
)
@pytest.mark.parametrize("column", ["d_loss", "train gen cost", "wasserstein distance", "gap"])
def test_a_loss_that_is_not_finite_to_the_end_is_seen_in_any_spelling(
    tmp_path: Path, spelling: str, column: str
) -> None:
    rows = [f"{index},{0.5 if index < 300 else spelling}" for index in range(500)]
    log = read(written(tmp_path, "\n".join([f"iter,{column}", *rows])))
    assert [row["round"] for row in log.rows if row.get("non_finite") == column] == [pytest.approx(300, abs=4)]


@pytest.mark.parametrize("count", [250, 2000])
def test_one_infinite_number_is_a_note_however_long_the_log(tmp_path: Path, count: int) -> None:
    rows = [f"{index},{0.5 if index != 100 else 'inf'}" for index in range(count)]
    log = read(written(tmp_path, "\n".join(["iter,d_loss", *rows])))
    assert not any("non_finite" in row or row["critic_loss"] != 0.5 for row in log.rows if "critic_loss" in row)
    assert "'d_loss' is infinite 1 time and finite after it: left out" in log.notes


def test_a_loss_that_is_nan_within_the_last_epoch_is_seen(tmp_path: Path) -> None:
    rows = [f"{row // 100},{row % 100},{0.5 if row < 440 else 'nan'}" for row in range(500)]
    by_batch = read(written(tmp_path, "\n".join(["epoch,batch,d_loss", *rows])))
    assert next(row["round"] for row in by_batch.rows if "non_finite" in row) == pytest.approx(440, abs=4)
    rows = [f"{row // 100},{0.5 if row < 440 else 'nan'}" for row in range(500)]
    by_epoch = read(written(tmp_path, "\n".join(["epoch,d_loss", *rows])))
    assert [row["round"] for row in by_epoch.rows if "non_finite" in row] == [4]


def test_a_loss_without_numbers_at_the_end_is_said(tmp_path: Path) -> None:
    rows = [f"{index},{0.5 if index < 30 else ''},1" for index in range(100)]
    log = read(written(tmp_path, "\n".join(["step,d_loss,g_loss", *rows])))
    assert [note for note in log.notes if "no number" in note] == ["'d_loss' has no number after round 29, of 99"]


def test_steps_that_begin_again_are_counted_through_without_epochs(tmp_path: Path) -> None:
    rows = [f"{row % 100},{row}" for row in range(300)]
    log = read(written(tmp_path, "\n".join(["iter,d_loss", *rows])))
    assert log.rows[-1]["round"] == log.rows[-1]["critic_loss"] == 299
    assert any("begins again 2 times" in note for note in log.notes)
    anew = read(written(tmp_path, "\n".join(["iter,d_loss", *rows[:200]])))
    assert anew.rows[-1]["round"] == 99  # once may be a training that was begun anew


def test_a_column_of_rounds_that_is_no_use_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "at,d_loss\n0.05,1\n0.10,2\n0.15,3\n")
    assert any("'at' has numbers that are not whole" in note for note in read(path, {"round": "at"}).notes)


def test_of_a_number_a_step_and_its_mean_of_an_epoch_the_step_is_read(tmp_path: Path) -> None:
    rows = [f",{index},,{index // 10},{index}" for index in range(30)] + ["9,,9,2,29"]
    path = written(tmp_path, "\n".join(["d_loss_epoch,d_loss_step,gen/dur_epoch,epoch,step", *rows]))
    assert read(path).columns["critic_loss"] == "d_loss_step"


def test_a_stranger_s_column_of_a_field_s_name_is_not_that_field(tmp_path: Path) -> None:
    rows = [f"{index},10,{index},0.5,1" for index in range(20)]
    log = read(written(tmp_path, "\n".join(["epoch,classes,score,d_loss,g_loss", *rows])))
    assert set(log.columns) == {"round", "critic_loss", "generator_loss"}
    ours = "round,classes,score,d_loss,distance_ratio,bins_missing,energy,slope_real"
    rows = [f"{index},1,3,0.5,.9,.1,.1,1" for index in range(20)]
    assert {"classes", "score"} <= set(read(written(tmp_path, "\n".join([ours, *rows]))).columns)


def test_the_guess_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    log = read(written(tmp_path, "iter,Loss D's,D(x),D(G(z))\n1,0.5,.6,.3\n2,0.25,.7,.2\n"))
    (line,) = [note for note in log.notes if note.startswith("guessed")]
    words = shlex.split(line.split("--columns ")[1])
    assert words == ["critic_loss=Loss D's", "real_score=D(x)", "fake_score=D(G(z))", "round=iter"]


def test_signs_and_percent(tmp_path: Path) -> None:
    text = "step,wasserstein_distance,d_acc\n" + "".join(f"{i},{-1.5 - i},75\n" for i in range(1, 9))
    log = read(written(tmp_path, text))
    assert log.rows[1] == {"round": 2, "wasserstein": 3.5, "gap": 3.5, "accuracy": 0.75}
    assert any("sign" in note for note in log.notes) and any("percent" in note for note in log.notes)


def test_a_long_log_needs_few_looks_and_keeps_its_first_and_last_numbers(tmp_path: Path) -> None:
    text = "step,d_loss,fid\n" + "".join(f"{i},{i},{'' if i % 1000 else i}\n" for i in range(20_001))
    log = read(written(tmp_path, text))
    assert MOST / 2 <= len(log.rows) <= MOST + 1
    assert log.rows[-1]["round"] == log.rows[-1]["critic_loss"] == 20_000
    assert [row["score"] for row in log.rows if "score" in row] == [1000.0 * i for i in range(21)]
    rounds = [int(row["round"]) for row in log.rows]
    assert rounds == sorted(set(rounds))


def test_a_resumed_log_drops_what_came_after(tmp_path: Path) -> None:
    first = [f"{i},1" for i in range(1000)]
    log = read(written(tmp_path, "\n".join(["step,d_loss", *first, *(f"{i},2" for i in range(500, 900))])))
    assert log.rows[-1]["round"] == 899
    assert all(row["critic_loss"] == 2 for row in log.rows if row["round"] >= 510)
    assert all(row["critic_loss"] == 1 for row in log.rows if row["round"] < 490)
    assert any("go back 1 times" in note for note in log.notes)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 20, "binary"),
        (b"step,d_loss\n", "no rows"),
        (b"a,b\n1,2\n", "--columns"),
        (b"step,d_loss\n1,2,3\n2,3,4\n3,4,5\n", "header names 2"),
        (b"step,d_loss,g_loss\none,two,three\nfour,five,six\n", "usual name"),
        (b"{}\n{}\n", "usual name"),
        (b"[1, 2, 3]", "no log"),
        (b'{"a": 1', "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"d_loss": 1}\n' + b"x\n" * 5, "no JSON objects"),
        (b"step,d_loss\n1," + b"2" * (1 << 20) + b"\n", "line of more than"),
        (b"one word\n" * 5, "no rows"),
        (b"word\n1.5\n2.5\n", "usual name"),
    ],
)
def test_what_is_no_log_is_refused_in_one_line(tmp_path: Path, content: bytes, word: str) -> None:
    with pytest.raises(UsageError, match=word) as caught:
        read(written(tmp_path, content, "log.txt"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"critic_los": "d_loss"}, "did you mean 'critic_loss'"),
        ({"critic_loss": "d_los"}, "did you mean 'd_loss'"),
        ({"critic_loss": "word"}, "no numbers"),
    ],
)
def test_columns_that_there_are_not(tmp_path: Path, columns: dict[str, str], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        read(written(tmp_path, "step,d_loss,word\n1,2,a\n2,3,b\n"), columns)


def test_events_of_tensorboard(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(tmp_path / "tb"))
    for step in range(1, 4):
        writer.add_scalar("Loss/D", 0.5 * step, step)
    for step in range(1, 4):  # after the others: their steps go back to 1, which is no resumption
        writer.add_scalar("Loss/G", 2.0 * step, step)
    writer.add_scalar("Loss/G", 8.0, 2)  # this is one: step 3 is gone
    writer.add_text("words", "none of these", 1)
    writer.close()
    assert is_log(tmp_path / "tb")
    log = read(tmp_path / "tb")
    assert [(row["round"], row.get("critic_loss"), row.get("generator_loss")) for row in log.rows] == [
        (1, 0.5, 2.0),
        (2, 1.0, 8.0),
        (3, 1.5, None),
    ]
    assert any("steps go back 1 time, as" in note for note in log.notes)
    (file,) = (tmp_path / "tb").iterdir()
    assert read(file).rows == log.rows
    damaged = written(tmp_path, b"not one" * 50, "events.out.tfevents.1")
    with pytest.raises(UsageError):
        read(damaged)
