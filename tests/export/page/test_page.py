"""The page's files: whole, safe for names of any kind, and written at once or not at all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re

import pytest

from steadygan.cli import main
from steadygan.errors import RunError
from steadygan.export.page import page, runtime
from steadygan.export.page.page import page_files, write_page
from steadygan.export.page.runtime import SHA256, Runtime, read_runtime
from tests.export.untrained import FAMILIES

HOSTILE = "</script><script>alert(1)</script><!--\u2028'\"`${1}\udc80"


def constant(text: str):
    """The value that a script defines."""
    match = re.fullmatch(r'"use strict";\nconst [A-Z]+ = (.*);\n', text, re.S)
    assert match
    return json.loads(match[1])


def test_the_runtime_is_that_of_the_npm_package():
    kept = read_runtime()
    assert hashlib.sha256(kept.code.encode()).hexdigest() == SHA256["ort.wasm.min.js"]
    assert hashlib.sha256(gzip.decompress(kept.wasm)).hexdigest() == SHA256["ort-wasm-simd.wasm"]
    assert len(kept.wasm) < 3_000_000 and "MIT" in kept.licence


def test_a_damaged_runtime_is_refused(monkeypatch):
    monkeypatch.setitem(runtime.SHA256, "ort.wasm.min.js", "0" * 64)
    with pytest.raises(RunError, match=r"ort\.wasm\.min\.js .* is damaged"):
        read_runtime.__wrapped__()


@pytest.mark.parametrize("whole", [True, False])
def test_names_of_any_kind_stay_text(whole):
    run = FAMILIES["points"]()
    object.__setattr__(run.recipe.data, "source", HOSTILE.replace("/", "⁄"))
    generator = {"kind": "points", "classes": [HOSTILE], "facts": [["recipe", HOSTILE]]}
    files = page_files(run, generator, Runtime("code </script>", b"wasm", "licence <b>"), whole=whole)
    index = files["index.html"]
    assert index.count("<script") == index.count("</script>") == len(page.SCRIPTS) + 2
    assert "alert(1)</script>" not in index and "<b>" not in index
    assert set(files) == ({"index.html"} if whole else {"index.html", "model.js", "runtime.js"})
    index.encode("utf-8")
    if not whole:
        assert constant(files["model.js"])["classes"][0].startswith("</script>")
        assert constant(files["runtime.js"]) == {
            "code": "code </script>",
            "wasm": base64.b64encode(b"wasm").decode(),
        }


def test_a_page_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("old")

    def failing(*_, **__):
        raise RunError("no")

    monkeypatch.setattr(page, "onnx_bytes", lambda run, module, facts: (b"model", facts))
    monkeypatch.setattr(page, "page_files", failing)
    with pytest.raises(RunError, match="no"):
        write_page(FAMILIES["points"](), tmp_path / "page")
    assert [path.name for path in tmp_path.rglob("*")] == ["page", "index.html"]
    assert (tmp_path / "page" / "index.html").read_text() == "old"


def test_the_command_writes_a_folder_or_one_file(run, tmp_path, capsys, monkeypatch):
    assert main(["export", str(run.folder), "--to", "page", "--out", str(tmp_path / "page")]) == 0
    assert sorted(path.name for path in (tmp_path / "page").iterdir()) == ["index.html", "model.js", "runtime.js"]
    assert "largest difference from PyTorch" in capsys.readouterr().out
    generator = constant((tmp_path / "page" / "model.js").read_text())
    assert generator["classes"] == [str(digit) for digit in range(10)]
    assert generator["prior"]["kind"] == "uniform" and generator["truncation"] is None
    assert gzip.decompress(base64.b64decode(generator["onnx"]))[:1] == b"\x08"  # protobuf's field 1: the IR version
    assert main(["export", str(run.folder), "--to", "page", "--out", str(tmp_path / "page")]) == 2  # it exists
    monkeypatch.setattr(page, "onnx_bytes", lambda run, module, facts: (b"model", facts))
    assert main(["export", str(run.folder), "--out", str(tmp_path / "one.html")]) == 0
    assert 'src="' not in (tmp_path / "one.html").read_text()
    assert main(["export", str(run.folder), "--to", "page", "--out", str(tmp_path / "one.HTM")]) == 0
    assert (tmp_path / "one.HTM").is_file()
    assert main(["export", str(run.folder), "--out", str(tmp_path / "one.html"), "--overwrite"]) == 0
