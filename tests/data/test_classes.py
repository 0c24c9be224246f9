"""Class selection by number or name."""

from __future__ import annotations

import pytest

from steadygan.data.classes import class_numbers, some_classes
from steadygan.data.images.pictures import printable
from steadygan.errors import UsageError

NAMES = ("cat", "dog", "tabby, ginger", "7")


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (2, [2]),
        ("2", [2]),
        ("dog", [1]),
        (" cat ,dog", [0, 1]),
        ("tabby, ginger", [2]),  # a name with a comma in it
        ("7", [3]),  # a name before its number
        (["dog", 0, "cat,3"], [1, 0, 0, 3]),
    ],
)
def test_a_class_is_a_number_or_a_name_and_several_keep_their_order(asked, numbers):
    assert class_numbers(asked, NAMES, 4) == numbers


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("dgo", "unknown class 'dgo'; did you mean 'dog'? (known: cat, dog,"),
        ("cat,,dog", "unknown class ''"),
        ("-1", "unknown class '-1'"),
        (4, "there is no class 4: the data has 4, from 0 to 3"),
        (-1, "there is no class -1"),
        ([0, "9"], "there is no class 9"),
    ],
)
def test_an_unknown_class_is_one_line(asked, said):
    with pytest.raises(UsageError) as caught:
        class_numbers(asked, NAMES, 4)
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


def test_of_many_names_only_some_are_listed_and_without_names_the_numbers():
    with pytest.raises(UsageError, match=r"11, … of 1,000\)$"):
        class_numbers("none", [str(n) for n in range(1_000)], 1_000)
    with pytest.raises(UsageError, match=r"unknown class 'dog' \(known: the numbers 0 to 4\)"):
        class_numbers("dog", (), 5)


def test_of_more_classes_than_fit_the_seed_chooses_some_in_their_order():
    assert some_classes(5, 20, 0) == [0, 1, 2, 3, 4]
    chosen = some_classes(1_000, 20, 0)
    assert len(set(chosen)) == 20 and chosen == sorted(chosen) and max(chosen) < 1_000
    assert chosen == some_classes(1_000, 20, 0) != some_classes(1_000, 20, 1)


def test_accents_may_be_typed_in_either_form():
    assert class_numbers("cafe\u0301", ("tee", "caf\u00e9"), 2) == [1]
    assert class_numbers("caf\u00e9, tee", ("tee", "cafe\u0301"), 2) == [1, 0]
    assert class_numbers("cafe\u0301", ("caf\u00e9", "cafe\u0301"), 2) == [1]


@pytest.mark.parametrize("name", [" a", "a ", "a\nb", "\x1b[1m", " "])
def test_a_class_is_known_by_the_name_that_its_label_has(name):
    names = ("a", printable(name))
    assert class_numbers(name, names, 2) == [1]
    assert class_numbers([name, "a"], names, 2) == [1, 0]


def test_truth_is_a_name_and_no_number():
    assert class_numbers([True, False], ("False", "True"), 2) == [1, 0]
    with pytest.raises(UsageError, match="unknown class 'True'"):
        class_numbers(True, ("a", "b"), 2)
