"""Options of data: ranges, and no torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from steadygan.data import DataOptions
from steadygan.errors import UsageError


def test_defaults_are_the_digits_with_a_tenth_held_out() -> None:
    assert DataOptions() == DataOptions(source="digits", size=None, fit="crop", held_out=0.1)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("source", "", "data source is ''"),
        ("size", 0, "data size is 0; allowed: whole numbers from 1 to 1024, or null"),
        ("size", 32.0, "data size is 32.0"),
        ("size", True, "data size is True"),
        ("channels", 5, "data channels is 5; allowed: whole numbers from 1 to 4, or null"),
        ("fit", "cropp", "data fit is 'cropp'; allowed: crop, pad, keep; did you mean 'crop'?"),
        ("flip", 1, "data flip is 1; allowed: true, false"),
        ("labels", "no", "data labels is 'no'"),
        ("held_out", 0.0, "data held_out is 0.0; allowed: numbers above 0, up to 0.5"),
        ("held_out", 0.9, "data held_out is 0.9"),
        ("held_out", float("nan"), "data held_out is nan"),
        ("held_out", "a", "data held_out is 'a'"),
        ("cache", " ", "data cache is ' '; allowed: a folder, or null"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(field: str, value: Any, said: str) -> None:
    with pytest.raises(UsageError) as error:
        DataOptions(**{field: value})
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_naming_data_options_loads_neither_numpy_nor_pillow() -> None:
    heavy = "('torch', 'numpy', 'PIL', 'sklearn', 'pyarrow', 'matplotlib')"
    code = f"import sys; from steadygan.data import DataOptions; print([m for m in {heavy} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_opening_data_loads_no_torch() -> None:
    code = "import sys; from steadygan import data; data.open_data(data.DataOptions()); print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_every_public_name_is_there() -> None:
    import steadygan.data

    for name in steadygan.data.__all__:
        assert getattr(steadygan.data, name) is not None
    assert callable(steadygan.data.audit_data)
    with pytest.raises(AttributeError):
        _ = steadygan.data.nothing_of_this_name
