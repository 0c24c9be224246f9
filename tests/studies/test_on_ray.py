"""Trials on a local Ray cluster of two nodes: the numbers of one process, with and without a folder that both see."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steadygan.errors import RunError, UsageError
from steadygan.studies import on_ray, session
from tests.studies.folders import CALCULATED, TINY, begun, numbers


def test_without_ray_a_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *arguments: Any, **settings: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return real(name, *arguments, **settings)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'steadygan\[ray\]'"):
        on_ray.share(begun(tmp_path / "s"), "ray", lambda line: None)


@pytest.mark.parametrize(("text", "is_one"), [("ray", True), ("ray://a:1", True), ("ray://", False), ("rays", False)])
def test_addresses(text: str, is_one: bool) -> None:
    assert on_ray.is_address(text) is is_one


NEEDS_RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray")


def on_two_nodes(test: Any) -> Any:
    """Marks a test that needs the cluster, which takes a while to start."""
    return pytest.mark.slow(NEEDS_RAY(pytest.mark.usefixtures("cluster")(test)))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one core, to which this process is connected."""
    import os

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root / "src"), str(root)])
    ray.init(
        address=made.address,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}},
    )
    try:
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


@on_two_nodes
def test_they_have_the_numbers_of_one_process(tmp_path: Path) -> None:
    session.carry_out(begun(tmp_path / "one", TINY), say=lambda line: None)
    lines: list[str] = []
    found = session.carry_out(begun(tmp_path / "two", TINY), workers="ray", say=lines.append)
    assert found.complete
    assert numbers(tmp_path / "two") == numbers(tmp_path / "one")
    assert lines[0] == "Ray: 2 CPUs, 2 nodes"
    assert (tmp_path / "two" / "trials" / "trained-0-seed-0" / "run").is_dir()  # they see the folder
    assert not list((tmp_path / "two").rglob("owner.json"))
    assert not list((tmp_path / "two").glob(".part-*"))


@on_two_nodes
def test_outcomes_of_nodes_that_do_not_see_the_folder_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.carry_out(begun(tmp_path / "one", TINY), say=lambda line: None)
    real = on_ray._token

    def unseen(folder: Any) -> Any:
        import contextlib

        @contextlib.contextmanager
        def token() -> Iterator[str]:
            with real(folder):
                yield "another token"

        return token()

    monkeypatch.setattr(on_ray, "_token", unseen)
    found = session.carry_out(begun(tmp_path / "two", TINY), workers="ray", say=lambda line: None)
    assert found.complete
    assert numbers(tmp_path / "two") == numbers(tmp_path / "one")
    assert not (tmp_path / "two" / "trials" / "trained-0-seed-0" / "run").exists()
    assert {row.run for row in found.results} == {None}


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [("WITHOUT_DATA", UsageError, "there is no data"), ("FULL_DISK", RunError, "No space left on device")],
)
@on_two_nodes
def test_the_error_of_a_task_is_one_line(tmp_path: Path, name: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=f"on a node: .*{words}"):
        session.carry_out(begun(tmp_path / "s", f"tests.studies.tiny:{name}"), workers="ray", say=lambda line: None)


@on_two_nodes
def test_a_failure_is_recorded_as_elsewhere(tmp_path: Path) -> None:
    found = session.carry_out(
        begun(tmp_path / "s", "tests.studies.tiny:DIVERGING"), workers="ray", say=lambda line: None
    )
    assert found.failures == {"x-seed-1": "the critic's loss is not finite"}


@on_two_nodes
def test_a_trial_of_another_worker_is_waited_for(tmp_path: Path) -> None:
    import threading
    import time

    folder = begun(tmp_path / "s", CALCULATED)
    trial = folder.trials[0]
    held, done = threading.Event(), threading.Event()

    def elsewhere() -> None:
        from steadygan.studies.carrying_out import finish

        with folder.claimed(trial):
            held.set()
            time.sleep(3)
            finish(folder, trial)
        done.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    held.wait()
    found = session.carry_out(begun(tmp_path / "s", CALCULATED), workers="ray", say=lambda line: None)
    assert done.is_set()
    assert found.complete
    assert len((folder.place(trial) / "begun").read_text().splitlines()) == 1
    thread.join()
