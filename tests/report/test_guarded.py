"""Calls that may fail: what is said of them, and whether they are tried again."""

from __future__ import annotations

import errno
import os
import warnings

import pytest

from steadygan.errors import RunError
from steadygan.report.guarded import Guarded


def full() -> None:
    """A file that cannot be written."""
    try:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise RunError("cannot write 'report.html': No space left on device") from error


def test_a_disk_that_was_full_is_tried_again_and_said_once() -> None:
    guarded, done = Guarded("the report"), []
    with pytest.warns(UserWarning, match="the report failed and is tried again later: cannot write"):
        guarded(full)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        guarded(full)
        guarded(lambda: done.append("written"))
    assert done == ["written"]


def test_another_failure_is_said_and_later_calls_are_skipped() -> None:
    guarded = Guarded("tracker 'wandb'")
    with pytest.warns(UserWarning, match="tracker 'wandb' failed and is skipped from here on: the service is gone"):
        guarded(lambda: (_ for _ in ()).throw(ConnectionError("the service is gone")))
    guarded(lambda: pytest.fail("called"))
