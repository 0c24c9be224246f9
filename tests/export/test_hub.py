"""Uploads to the Hub, against a stand-in of its HTTP API on this machine: nothing goes over the network."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from steadygan.cli import main
from steadygan.errors import RunError, UsageError
from steadygan.export import hub
from steadygan.export.hub_folder import FILES, LEFTOVERS

TOKEN = "hf_" + "x" * 34


class StandIn(ThreadingHTTPServer):
    """Repositories of models by name, each its files by name; what a login may do."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: set[str] = set()
        self.commits = 0
        self.failing = 0
        """status that every request gets; 0: none"""

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def log_message(self, *arguments):
        pass

    def answer(self, status, content, code=""):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("X-Error-Code", code)
        self.end_headers()
        self.wfile.write(body)

    def refused(self):
        if self.server.failing:
            self.answer(self.server.failing, {"error": "of the stand-in"})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"error": "Invalid username or password."})
        else:
            return False
        return True

    def do_GET(self):
        if self.refused():
            return
        name = "/".join(self.path.partition("?")[0].split("/")[3:5])
        if self.path.startswith("/api/models/") and name in self.server.repositories:
            files = self.server.repositories[name].items()
            tree = [{"type": "file", "path": path, "size": len(made), "oid": "0" * 40} for path, made in files]
            siblings = [{"rfilename": path} for path, _ in files]
            self.answer(200, tree if "/tree/" in self.path else {"id": name, "sha": "0" * 40, "siblings": siblings})
        elif self.path.startswith("/api/models/"):
            self.answer(404, {"error": "Repository not found"}, "RepoNotFound")
        else:
            self.answer(404, {"error": self.path})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.refused():
            return
        path = self.path.partition("?")[0]
        name = "/".join(path.split("/")[3:5])
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else f"me/{asked['name']}"
            if name in self.server.repositories:
                self.answer(
                    409, {"error": "You already created this model repo", "url": f"{self.server.address}/{name}"}
                )
                return
            self.server.repositories[name] = {".gitattributes": b""}
            if asked.get("private") or asked.get("visibility") == "private":
                self.server.private.add(name)
            self.answer(200, {"url": f"{self.server.address}/{name}", "name": name})
        elif path == "/api/validate-yaml":
            self.answer(200, {"errors": [], "warnings": []})
        elif "/preupload/" in path:
            files = json.loads(body)["files"]
            modes = [{"path": each["path"], "uploadMode": "regular", "shouldIgnore": False} for each in files]
            self.answer(200, {"files": modes})
        elif "/commit/" in path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    assert line["value"]["encoding"] == "base64"
                    content = base64.b64decode(line["value"]["content"])
                    self.server.repositories[name][line["value"]["path"]] = content
            self.server.commits += 1
            self.answer(200, {"commitUrl": f"{self.server.address}/{name}/commit/1", "commitOid": "1" * 40})
        else:
            self.answer(404, {"error": path})


@pytest.fixture
def server(monkeypatch, tmp_path):
    """The stand-in, and a client that is logged in there and writes nothing into the home folder."""
    made = StandIn()
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", made.address)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr("huggingface_hub.constants.HF_STORED_TOKENS_PATH", str(tmp_path / "tokens"))
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def exported(folder):
    """A hub folder."""
    return folder[0]


@pytest.fixture
def quick(monkeypatch, exported):
    """A run's folder is the one that was written already."""
    monkeypatch.setattr(hub, "write_hub_folder", lambda run, path, **_: shutil.copytree(exported, path))


def test_a_run_is_pushed_in_one_commit(run, server, quick, exported, capsys):
    assert main(["push", str(run.folder), "me/digits", "--private"]) == 0
    assert f"{server.address}/me/digits" in capsys.readouterr().out
    files = server.repositories["me/digits"]
    held = [each for each in exported.iterdir() if each.name not in LEFTOVERS]
    assert set(files) == {".gitattributes"} | {each.name for each in held} and set(files) - FILES
    assert all(files[each.name] == each.read_bytes() for each in held)
    assert server.commits == 1 and server.private == {"me/digits"}


def test_a_folder_whose_card_was_edited_is_pushed_as_it_is(server, exported, tmp_path, capsys):
    edited = tmp_path / "edited"
    shutil.copytree(exported, edited)
    (edited / "__pycache__").mkdir(exist_ok=True)  # of a loader that was imported
    (edited / "__pycache__" / "generator.pyc").write_bytes(b"")
    card = (edited / "README.md").read_text()
    (edited / "README.md").write_text(
        card.replace("# license: to be filled in by you, such as mit or", "license: mit #")
    )
    assert main(["push", str(edited), "me/digits"]) == 0
    assert "licence" not in capsys.readouterr().err
    assert yaml.safe_load(server.repositories["me/digits"]["README.md"].decode().split("---")[1])["license"] == "mit"
    assert not any("pycache" in name for name in server.repositories["me/digits"])
    (edited / "private.txt").write_text("not to be uploaded")
    with pytest.raises(UsageError, match=r"private\.txt"):
        hub.push(edited, "me/other")
    assert "me/other" not in server.repositories


def test_a_repository_with_files_is_left_alone(run, server, quick):
    server.repositories["me/taken"] = {"README.md": b"theirs"}
    with pytest.raises(UsageError, match="has files already"):
        hub.push(run, "me/taken")
    assert server.repositories["me/taken"] == {"README.md": b"theirs"}
    hub.push(run, "me/taken", overwrite=True)
    assert b"theirs" not in server.repositories["me/taken"]["README.md"]


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(401, UsageError, "hf auth login"), (403, UsageError, "may not"), (400, RunError, "400")],
)
def test_answers_of_the_hub_are_one_line(status, kind, words, run, server, quick):
    server.failing = status
    with pytest.raises(kind, match=words) as error:
        hub.push(run, "me/digits")
    assert "\n" not in str(error.value) and TOKEN not in str(error.value)


def test_without_a_login_there_is_one_line_before_anything_is_exported(run, server, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(hub, "write_hub_folder", lambda *_, **__: pytest.fail("exported"))
    with pytest.raises(UsageError, match="hf auth login"):
        hub.push(run, "me/digits")


@pytest.mark.parametrize("overwrite", [True, False])
def test_without_a_network_there_is_one_line_at_once(overwrite, run, server, quick, monkeypatch):
    server.shutdown()
    server.server_close()
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it is asked again and again"))
    with pytest.raises(RunError, match="cannot be reached"):
        hub.push(run, "me/digits", overwrite=overwrite)


@pytest.mark.parametrize(
    "name", ["digits", "a/b/c", "me/", "/x", "me/a b", "me/..", "-me/x", "me/" + "x" * 97, "me/a--b"]
)
def test_names_of_no_repository(name, run, tmp_path):
    with pytest.raises(UsageError, match="OWNER/NAME"):
        hub.push(run, name)


def test_folders_that_no_export_wrote(tmp_path, capsys):
    (tmp_path / "README.md").write_text("mine")
    assert main(["push", str(tmp_path), "me/digits"]) == 2
    assert "export RUN --to hub-folder" in capsys.readouterr().err


def test_without_the_client_there_is_one_line(run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(UsageError, match=r"pip install 'steadygan\[hub\]'"):
        hub.push(run, "me/digits")
