"""Printed lines of other tools' trainings, as their programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadygan.diagnostics.foreign import read

LINES = {
    "DCGAN's example": (
        "Starting Training Loop...\n"
        "[0/2][0/100]\tLoss_D: 0.5000\tLoss_G: 1.5000\tD(x): 0.6000\tD(G(z)): 0.3000 / 0.2000\n"
        "[0/2][50/100]\tLoss_D: 0.2500\tLoss_G: 2.5000\tD(x): 0.7000\tD(G(z)): 0.2000 / 0.1000\n"
        "[1/2][0/100]\tLoss_D: 0.1250\tLoss_G: 3.5000\tD(x): 0.8000\tD(G(z)): 0.1000 / 0.1000\n",
        [(0, 0.5, 1.5), (50, 0.25, 2.5), (51, 0.125, 3.5)],
    ),
    "brackets": (
        "[Epoch 0/2] [Batch 0/9] [D loss: 0.5] [G loss: 1.5]\n[Epoch 0/2] [Batch 1/9] [D loss: 0.25] [G loss: 2.5]\n"
        "[Epoch 1/2] [Batch 0/9] [D loss: 0.125] [G loss: nan]\n",
        [(0, 0.5, 1.5), (1, 0.25, 2.5), (2, 0.125, None)],
    ),
    "a bar of progress": (
        "".join(
            f"G: {g} | D: {d}:  {i}%|##  | {i}/100 [00:10<00:20, 3.0it/s]\r" for i, d, g in [(1, 0.5, 1), (2, 1, 2)]
        ),
        [(1, 0.5, 1.0), (2, 1.0, 2.0)],
    ),
    "a logger": (
        "2024-03-17 10:00:00 INFO step 1,000: d_loss=0.5, g_loss=-1.5e+00, eta: 0:10:00\nsaved checkpoint\n"
        "2024-03-17 10:00:09 INFO step 2,000: d_loss=tensor(0.25, device='cuda:0'), g_loss=2.5, eta: 0:09:00\n"
        "2024-03-17 10:00:18 INFO step 3,000: d_loss=tf.Tensor(0.5, shape=(), dtype=float32), "
        "g_loss=np.float32(1.5), eta: 0:08:00\n",
        [(1000, 0.5, -1.5), (2000, 0.25, 2.5), (3000, 0.5, 1.5)],
    ),
    "numbers of a width": (
        "".join(
            f"Step: {i:>6} Progress: 1.0% Elapsed: 0:00:10 Gen_loss  = {g:8.3f} Dis_loss:\t{d:>10.4f} Topk: {16:>4} \n"
            for i, d, g in [(100, 0.5, 1.5), (200, 0.25, 2.5)]
        ),
        [(100, 0.5, 1.5), (200, 0.25, 2.5)],
    ),
    "epochs of Keras": (
        "Epoch 1/2\n100/100 [====] - 1s 10ms/step - d_loss: 0.5 - g_loss: 1.5\n"
        "Epoch 2/2\n100/100 [====] - 1s 10ms/step - d_loss: 0.25 - g_loss: 2.5\n",
        [(1, 0.5, 1.5), (2, 0.25, 2.5)],
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_numbers_are_read_by_their_names_and_rounds_by_their_counters(tmp_path: Path, name: str) -> None:
    text, wanted = LINES[name]
    path = tmp_path / "train.log"
    path.write_text(text, encoding="utf-8")
    log = read(path)
    assert log.kind == "printed lines"
    assert [(row["round"], row.get("critic_loss"), row.get("generator_loss")) for row in log.rows] == wanted


def test_scores_of_the_printed_lines_are_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_text(LINES["DCGAN's example"][0], encoding="utf-8")
    assert [row["gap"] for row in read(path).rows] == pytest.approx([0.3, 0.5, 0.7])


def test_a_table_whose_cells_have_colons_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,d_loss,note\n1,0.5,lr: 0.1\n2,0.25,lr: 0.1\n", encoding="utf-8")
    assert read(path).kind == "CSV"
