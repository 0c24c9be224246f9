"""The pages: what they show, and that only files of runs are served."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from steadygan.run import layout
from steadygan.run.owner import owned
from steadygan.ui import comparison_page, streams
from steadygan.ui.app import Pages
from steadygan.ui.rendering import Parts
from steadygan.ui.run_page import RunParts
from tests.report.test_page import Page
from tests.ui.conftest import ROWS
from tests.ui.folders import ask, post, run_folder, save_picture

ODD = "<img src=x onerror=alert(1)>\"'&{{7*7}}"


def test_the_first_page_lists_the_runs(pages: Pages, root: Path) -> None:
    with owned(root / "done"):
        answer = ask(pages, "/")
    page = Page(answer.text)
    assert (
        answer.headers["content-type"] == "text/html; charset=utf-8" and answer.headers["cache-control"] == "no-store"
    )
    assert {each["href"] for each in page.all("a")} >= {"/run/done", "/run/study/trials/a/run"}
    assert "2 runs, 1 running, 1 interrupted" in " ".join(page.words.split())
    assert len([each for each in page.all("svg") if each.get("class") == "chart"]) == 1  # of the one that is running


def test_a_run_s_page_has_its_pictures_curves_and_settings(pages: Pages) -> None:
    page = Page(ask(pages, "/run/done").text)
    assert "Critic loss" in page.words and "Generator loss" in page.words and "40 / 40" in page.words
    assert "/picture/40/done" in {each["src"].partition("?")[0] for each in page.all("img")}
    assert [each["data-rounds"] for each in page.all("figure") if "data-rounds" in each] == ["1 20 40"]
    assert not [each for each in page.all("button") if "data-act" in each]


def test_a_folder_named_from_here_shows_the_same(root: Path, monkeypatch) -> None:
    monkeypatch.chdir(root.parent)
    pages = Pages(Path("runs"), "t")
    assert ask(pages, "/picture/40/done").status == ask(pages, "/thumb/40/done").status == 200
    assert pages.overview.runs() == Pages(root, "t").overview.runs()


def test_a_run_that_waits_can_be_resumed_and_one_of_this_process_not_stopped(pages: Pages, root: Path) -> None:
    acts = [
        each["data-act"]
        for each in Page(ask(pages, "/run/study/trials/a/run").text).all("button")
        if "data-act" in each
    ]
    assert acts == ["resume"]
    with owned(root / "done"):
        text = ask(pages, "/run/done").text
    assert "data-act" not in text and "Cannot be stopped from here" in text


@pytest.mark.parametrize(
    "path",
    [
        "/run/../runs/done",
        "/run/../secret.png",
        "/run/done/..",
        "/run//done",
        "/run/" + "../" * 20 + "etc/passwd",
        "/picture/1/../done",
        "/picture/../1/done",
        "/picture/000001.png/done",
        "/picture/-1/done",
        "/picture/²/done",
        "/picture/" + "9" * 5000 + "/done",
        "/picture/2/done",
        "/picture/1/done/samples",
        "/picture/1//etc",
        "/nearest/0/..",
        "/scales/1/done",
        "/thumb/1/..",
        "/static/../app.py",
        "/static/row.html",
        "/static/style.css/..",
        "/static//etc/passwd",
        "/events/..",
        "/recipe.yaml",
        "/done/recipe.yaml",
        "/run/done\0",
        "/run/none",
    ],
)
def test_a_path_that_leads_elsewhere_is_not_found(pages: Pages, path: str) -> None:
    answer = ask(pages, path)
    assert answer.status == 404 and len(answer.body) < 100 and answer.headers["content-type"].startswith("text/plain")


def test_pictures_are_the_run_s_own_with_their_type_and_are_asked_for_once(
    pages: Pages, root: Path, tmp_path: Path
) -> None:
    run = root / "done"
    answer = ask(pages, "/picture/20/done")
    assert answer.body == (run / "samples/000020.png").read_bytes() and answer.headers["content-type"] == "image/png"
    assert ask(pages, "/picture/20/done", {"if-none-match": answer.headers["etag"]}).status == 304
    save_picture(run / "samples/000020.png", 99)
    assert ask(pages, "/picture/20/done", {"if-none-match": answer.headers["etag"]}).status == 200
    (run / "samples/000021.png").symlink_to(tmp_path / "secret.png")
    (run / "samples/000022.png").write_text("<script>alert(1)</script>")
    (run / "nearest.png").symlink_to("/etc/passwd")
    for path in ("/picture/21/done", "/thumb/21/done", "/picture/22/done", "/thumb/22/done", "/nearest/0/done"):
        assert ask(pages, path).status == 404


def test_a_recipe_that_is_a_link_out_of_its_run_is_not_shown(pages: Pages, root: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("name: private-words\nrounds: 3\n")
    run = run_folder(root / "linked")
    for name in (layout.RECIPE, layout.DATA, layout.ENVIRONMENT, layout.DIAGNOSIS):
        (run / name).unlink(missing_ok=True)
        (run / name).symlink_to(tmp_path / "private")
    assert "private-words" not in ask(pages, "/run/linked").text + ask(pages, "/").text


def test_what_files_say_is_text_on_every_page(root: Path, tmp_path: Path) -> None:
    names = ["<b>run", "run'\"&"]
    for name in names:
        run = run_folder(root / name, 5, 5, [{"round": n, f"{ODD}/a": n, "critic_loss": n} for n in (1, 2)], (1,))
        (run / layout.RECIPE).write_text(json.dumps({"name": ODD, "rounds": 5, "data": {"source": ODD}, ODD: ODD}))
        (run / layout.DATA).write_text(json.dumps({ODD: ODD}))
        change = {"round": 1, "time": ODD, "field": ODD, "old": ODD, "new": ODD, "by": ODD}
        (run / layout.HISTORY).write_text(json.dumps(change) + "\n")
        (run / layout.EVALUATION).write_text(json.dumps({ODD: ODD}))
        (run / layout.SAMPLES / "000002.txt").write_text(ODD)
    pages = Pages(root, "t")
    query = "&".join(f"run={quote(name)}" for name in names)
    for answer in (ask(pages, "/"), ask(pages, f"/run/{names[0]}"), ask(pages, "/compare", query=query)):
        page = Page(answer.text)
        assert answer.status == 200 and "onerror" in page.words
        assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]
        assert not page.all("b") or "<b>run" not in answer.text
        assert all(each.get("src") == "/static/page.js" for each in page.all("script")) and not page.all("style")
        assert not [attrs for _, attrs in page.elements if "style" in attrs]  # the policy forbids them


def test_recipes_stand_side_by_side_with_differences_marked(root: Path, pages: Pages) -> None:
    for name, width in (("a", 64), ("b", 32)):
        text = f"name: x\nrounds: 9\ncritic:\n  kind: MLP\n  width: {width}\ndata:\n  source: digits\n"
        run_folder(root / name).joinpath(layout.RECIPE).write_text(text)
    runs = [run for run in pages.overview.runs() if run.key in "ab"]
    rows = {row.name: row for row in comparison_page.settings(sorted(runs, key=lambda run: run.key))}
    assert rows["critic.width"].values == ("64", "32") and [name for name in rows if rows[name].differs] == [
        "critic.width"
    ]
    page = ask(pages, "/compare", query="run=a&run=b").text
    assert re.findall(r"<mark>(.*?)</mark>", page) == ["64", "32"] and "1 of 5 settings differ" in page
    assert "No table" in page and "has no numbers yet" in page  # as steadygan compare refuses


@pytest.mark.parametrize(
    ("values", "marked"),
    [
        (("1", "1", "1"), (False, False, False)),
        (("1", "2"), (True, True)),
        (("1", "2", "1"), (False, True, False)),
        (("1", "2", "3"), (True, True, True)),
        (("-", "2", "-"), (False, True, False)),
        (("1", "-"), (True, False)),
    ],
)
def test_the_values_that_most_runs_do_not_have_are_marked(values: tuple[str, ...], marked: tuple[bool, ...]) -> None:
    assert comparison_page.Setting("a", values).marked == marked


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("run=done", 400),
        ("run=done&run=done", 400),
        ("run=done&run=none", 404),
        ("&".join(f"run={n}" for n in range(9)), 400),
    ],
)
def test_fewer_than_two_or_unknown_runs_are_not_compared(pages: Pages, query: str, status: int) -> None:
    assert ask(pages, "/compare", query=query).status == status


def test_an_event_stream_sends_all_parts_first_and_then_what_changed(pages: Pages, root: Path, monkeypatch) -> None:
    monkeypatch.setattr(streams, "PERIOD", 0.01)
    watched = pages.watchers.of(root / "done")
    make = RunParts(watched, pages.resumptions)

    def look() -> tuple[Parts | None, bool]:
        run = pages.overview.run("done")
        return (None, False) if run is None else (make(run), watched.poll())

    async def events() -> list[dict[str, str]]:
        found = []
        async for content in pages.streams.follow(look):
            kind, *data = content.decode().splitlines()
            if kind == "event: gone":
                break
            if kind == "event: parts":
                found.append(json.loads(data[0].removeprefix("data: ")))
                if len(found) > 1 and any("123" in html for html in found[-1].values()):
                    (root / "done" / layout.RECIPE).unlink()
                    continue
                with open(root / "done" / layout.METRICS, "a") as file:
                    file.write(json.dumps({**ROWS[-1], "round": 41, "critic_loss": 123.0}) + "\n")
        return found

    first, *_, last = asyncio.run(events())
    assert {"head", "pictures", "curves", "details"} <= set(first)
    assert "pictures" not in last and "details" not in last and any("123" in html for html in last.values())
    assert pages.streams.open == 0


def test_there_are_only_so_many_streams(pages: Pages) -> None:
    pages.streams.open = streams.MOST
    assert ask(pages, "/events").status == 503


def test_a_stream_s_head_ends(pages: Pages) -> None:
    answer = ask(pages, "/events", method="HEAD")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/event-stream")


def test_changes_of_runs_that_are_none_or_in_no_state_for_them_are_refused(pages: Pages, root: Path) -> None:
    assert post(pages, "/stop/none").status == 404 and post(pages, "/resume/../done").status == 404
    answer = post(pages, "/stop/done")
    assert answer.status == 409 and "no process trains this run" in json.loads(answer.body)["error"]
    with owned(root / "done"):
        assert "is being trained" in json.loads(post(pages, "/resume/done").body)["error"]


GARBAGE = (b"\xff\xfe\0", b"{}\n", b"[" * 100 + b"9" * 6000, None)
NAMES = (
    layout.RECIPE,
    layout.METRICS,
    layout.EVALUATIONS,
    layout.EVALUATION,
    layout.SIGNALS,
    layout.DIAGNOSIS,
    layout.HISTORY,
    layout.REMEDIES,
    layout.DATA,
    layout.ENVIRONMENT,
    layout.OWNER,
    layout.SAMPLES,
    f"{layout.CHECKPOINTS}/000040/{layout.STATE}",
    f"{layout.SAMPLES}/000040.png",
    f"{layout.SAMPLES}/000041.txt",
)


@pytest.mark.parametrize("content", GARBAGE)
def test_a_file_of_any_content_leaves_the_pages_whole(root: Path, content: bytes | None) -> None:
    """Each file in turn; None: a FIFO in its place."""
    for name in NAMES:
        folder = run_folder(root / name.replace("/", "-"), 40, 40, ROWS[:3], (40,))
        path = folder / name
        if path.is_dir():
            path.rename(folder / "aside")
        path.unlink(missing_ok=True)
        if content is None:
            os.mkfifo(path)
        else:
            path.write_bytes(content)
    pages = Pages(root, "t")
    keys = [run.key for run in pages.overview.runs()]
    assert len(keys) >= len(NAMES) + 1
    for key in keys:
        assert ask(pages, f"/run/{key}").status == 200, key
    assert ask(pages, f"/thumb/40/{layout.folder_name(40)}").status == 404
    assert ask(pages, "/").status == 200
    for name in (layout.RECIPE, layout.METRICS, layout.EVALUATION):
        assert ask(pages, "/compare", query=f"run=done&run={name}").status in (200, 404)
