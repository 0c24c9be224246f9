"""``steadygan film``: films of a run, and one line for what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan import api
from steadygan.cli import film, main
from steadygan.report.pictures import image_grid


def test_a_film_is_the_samples_of_its_walk(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "film tiny --of walk --stops 2 --count 4 --seconds 0.4 --seed 3 --out walk.webp"
    assert main(line.split()) == 0
    assert "seed 3: walk.webp" in capsys.readouterr().out
    frames = api.load("tiny").walk(4, 2, 4, 3)
    assert (frames[0] == api.load("tiny").sample(4, 3)).all()
    with Image.open("walk.webp") as shown:
        assert shown.n_frames == len(frames) == 8  # type: ignore[attr-defined]
        for index, samples in enumerate(frames):
            shown.seek(index)
            expected = np.asarray(image_grid(samples)).astype(int)
            found = np.asarray(shown.convert("L"))[: expected.shape[0], : expected.shape[1]]
            assert abs(found - expected).mean() < 6
    monkeypatch.setattr("steadygan.report.films.has_video", lambda: False)
    assert (
        main(
            [
                "film",
                "tiny",
                "--seconds",
                "0.3",
                "--count",
                "1",
                "--raw",
                "--round",
                "2",
                "--truncation",
                "0.7",
                "--seed",
                "1",
            ]
        )
        == 0
    )
    path = Path("runs/tiny/generated/interpolation-round-2-seed-1-raw-truncation-0.7.gif")
    assert path.is_file()
    assert main(["film", "tiny", "--of", "training"]) == 0
    with Image.open("runs/tiny/generated/training-round-4.gif") as shown:
        assert shown.n_frames >= 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("--out a.avi", ".mp4"),
        ("--stops 3", "--of walk"),
        ("--of training --raw", "--raw is of samples"),
        ("--of training --seed 3", "--seed is of samples"),
        ("--of dream", "invalid choice"),
        ("--seconds 0.01 --out a.gif", "--seconds"),
        ("--count 1e12", "--count"),
        ("--seconds 1e11", "--seconds"),
        ("--of training --seconds 1e11", "--seconds"),
        ("--round 3", "no checkpoint of round 3"),
        ("--class 3", "class"),
        ("--of training --out there.gif", "--overwrite"),
    ],
)
def test_what_is_no_film_is_one_line(line: str, word: str, runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("there.gif").touch()
    assert main(["film", "tiny", *line.split()]) in (1, 2)
    (said,) = capsys.readouterr().err.splitlines()
    assert word in said
    assert not list(Path("runs/tiny").glob("generated/*"))
    assert film.SUBJECTS == ("interpolation", "walk", "training")
