"""Progress of long work, told to a listener."""

from __future__ import annotations

from steadygan.system.progress import listening, steps, tell


def test_each_step_is_told_to_the_listener_of_the_block() -> None:
    told: list[tuple[str, int, int]] = []
    with listening(lambda *what: told.append(what)):
        assert list(steps("work", range(3))) == [0, 1, 2]
        with listening(None):
            assert list(steps("silent", [1])) == [1]
        assert sum(steps("blocks", iter([4, 3]), 7, weight=lambda size: size)) == 7
    tell("nobody hears")
    assert told == [("work", done, 3) for done in range(4)] + [("blocks", done, 7) for done in (0, 4, 7)]
