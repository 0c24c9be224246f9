"""The codec: specs to plain data and back, and one line for everything that cannot be read."""

from __future__ import annotations

import dataclasses
import functools
import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.codec import all_kinds, field_types, from_plain, kinds_of, to_plain
from steadygan.errors import UsageError


@dataclass(frozen=True)
class Circle:
    radius: float = 1.0

    def __post_init__(self) -> None:
        if not self.radius > 0:
            raise UsageError(f"Circle.radius is {self.radius}; it has to be above 0")


@dataclass(frozen=True)
class Square:
    side: float = 1.0
    """the same field types as Circle, so that only the tag tells them apart"""


@dataclass(frozen=True)
class Needy:
    size: int


@dataclass(frozen=True)
class Hidden:
    """Nothing that Drawing names."""


@dataclass(frozen=True)
class Drawing:
    title: str = "drawing"
    shape: Circle | Square = Circle()
    extras: tuple[Circle | Square, ...] = ()
    frame: Square | None = None
    needy: Needy | None = None
    count: int = 3
    ratio: float = 0.5
    filled: bool = False
    limit: int | None = None
    margin: float | None = None
    note: str | None = None
    corner: tuple[float, float] = (0.0, 0.0)
    ink: Literal["black", "blue"] = "black"
    layers: Literal[1, 2] = 1


shapes = st.one_of(
    st.builds(Circle, st.floats(1e-300, 1e300)), st.builds(Square, st.floats(allow_nan=False, allow_infinity=False))
)
finite = st.floats(allow_nan=False, allow_infinity=False)
drawings = st.builds(
    Drawing,
    title=st.text(max_size=20),
    shape=shapes,
    extras=st.lists(shapes, max_size=3).map(tuple),
    frame=st.none() | st.builds(Square, finite),
    needy=st.none() | st.builds(Needy, st.integers()),
    count=st.integers(),
    ratio=finite,
    filled=st.booleans(),
    limit=st.none() | st.integers(),
    margin=st.none() | finite,
    note=st.none() | st.text(max_size=20).filter(lambda text: text != "null"),
    corner=st.tuples(finite, finite),
    ink=st.sampled_from(["black", "blue"]),
    layers=st.sampled_from([1, 2]),
)


def refused(data: Any, expected: Any = Drawing) -> str:
    """The one line that reading ends in."""
    with pytest.raises(UsageError) as error:
        from_plain(data, expected)
    line = str(error.value)
    assert "\n" not in line and len(line) < 400
    return line


# --- what is right


@given(drawing=drawings)
def test_reading_what_was_written_gives_the_same_value(drawing: Drawing) -> None:
    again = from_plain(to_plain(drawing), Drawing)
    assert again == drawing and repr(again) == repr(drawing)


@given(drawing=drawings)
def test_plain_data_pass_through_json(drawing: Drawing) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(drawing))), Drawing) == drawing


def test_specs_are_written_as_their_fields_under_a_kind() -> None:
    plain = to_plain(Drawing(shape=Square(2.0), extras=(Circle(3.0),), corner=(1.0, 2.0)))
    assert plain["kind"] == "Drawing"
    assert plain["shape"] == {"kind": "Square", "side": 2.0}
    assert plain["extras"] == [{"kind": "Circle", "radius": 3.0}]
    assert plain["frame"] is None and plain["corner"] == [1.0, 2.0]


@pytest.mark.parametrize("shape", [Circle(2.0), Square(2.0)])
def test_members_of_a_union_stay_what_they_are(shape: Circle | Square) -> None:
    again = from_plain(to_plain(Drawing(shape=shape, extras=(shape,))), Drawing)
    assert type(again.shape) is type(shape) and type(again.extras[0]) is type(shape)


def test_fields_that_are_left_out_have_their_defaults() -> None:
    assert from_plain({}, Drawing) == Drawing()
    assert from_plain({"shape": {"kind": "Square"}}, Drawing).shape == Square()


def test_the_name_of_a_kind_alone_is_its_defaults() -> None:
    assert from_plain({"shape": "Square", "extras": ["Circle"]}, Drawing) == Drawing(shape=Square(), extras=(Circle(),))


def test_the_kind_may_be_left_out_where_there_is_one_only() -> None:
    assert from_plain({"frame": {"side": 2.0}}, Drawing).frame == Square(2.0)


def test_values_that_are_specs_already_pass() -> None:
    assert from_plain({"shape": Square(4.0)}, Drawing).shape == Square(4.0)


def test_parts_of_a_recipe_can_be_read_by_their_annotation_alone() -> None:
    assert from_plain({"kind": "Square"}, Circle | Square) == Square()  # type: ignore[arg-type]
    assert from_plain([{"kind": "Circle"}], tuple[Circle | Square, ...]) == (Circle(),)


@pytest.mark.parametrize(
    ("text", "number"), [("1e-4", 1e-4), ("0.5", 0.5), ("-2", -2.0), (3, 3.0), (1e300, 1e300), ("1E5", 1e5)]
)
def test_numbers_may_be_spelt_as_text_as_on_a_command_line(text: Any, number: float) -> None:
    assert from_plain({"ratio": text}, Drawing).ratio == number


@pytest.mark.parametrize(
    ("value", "number"),
    [("7", 7), (7.0, 7), ("7.0", 7), ("1e3", 1000), (1e3, 1000), ("-2", -2), ("9007199254740993", 9007199254740993)],
)
def test_whole_numbers_may_be_spelt_in_any_way_and_keep_every_digit(value: Any, number: int) -> None:
    got = from_plain({"count": value}, Drawing).count
    assert got == number and type(got) is int


@pytest.mark.parametrize(("value", "truth"), [(True, True), ("true", True), ("False", False), (False, False)])
def test_truths_may_be_spelt_as_text(value: Any, truth: bool) -> None:
    assert from_plain({"filled": value}, Drawing).filled is truth


@pytest.mark.parametrize("nothing", [None, "null"])
@pytest.mark.parametrize("field", ["limit", "margin", "note", "frame"])
def test_optional_fields_take_null(field: str, nothing: Any) -> None:
    full = Drawing(limit=1, margin=1.0, note="x", frame=Square())
    assert getattr(from_plain({**to_plain(full), field: nothing}, Drawing), field) is None


@pytest.mark.parametrize(
    ("value", "written"), [(np.float64(0.25), 0.25), (np.float32(0.25), 0.25), (np.int64(4), 4), (2**80, 2**80)]
)
def test_numpys_numbers_are_written_as_plain_ones(value: Any, written: float) -> None:
    got = to_plain(Square(value))["side"]
    assert got == written and type(got) is type(written)


def test_values_of_other_types_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="side is of type set; allowed"):
        to_plain(Square({1, 2}))  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True)
class Loose:
    numbers: list = dataclasses.field(default_factory=lambda: [1, 2])  # type: ignore[type-arg]
    names: dict = dataclasses.field(default_factory=lambda: {"a": 1})  # type: ignore[type-arg]


def test_a_field_of_a_type_that_files_do_not_hold_is_named_with_those_that_they_do() -> None:
    with pytest.raises(UsageError, match=r"loss.numbers: no file can hold a field of type list; allowed: bool, int"):
        from_plain({"numbers": [1, 2]}, Loose, where="loss")
    assert from_plain({"names": {"a": 1}}, Loose) == Loose()


def test_a_type_that_is_imported_for_type_checking_alone_is_one_line() -> None:
    later = dataclasses.make_dataclass("Later", [("weight", "Schedul")], frozen=True)
    with pytest.raises(UsageError, match=r"fields of Later cannot be resolved: name 'Schedul' is not defined"):
        field_types(later)


# --- what is wrong


@pytest.mark.parametrize("value", [2.7, "2.7", True, False, "many", None, [3], {"kind": "Circle"}, "", "inf", "nan"])
def test_only_whole_numbers_are_read_as_such(value: Any) -> None:
    line = refused({"count": value})
    assert line.startswith("count: got ") and "a whole number is needed" in line


@pytest.mark.parametrize("value", [True, "half", None, [0.5], pytest.param(10**400, id="10^400")])
def test_a_number_is_nothing_else(value: Any) -> None:
    line = refused({"ratio": value})
    assert line.startswith("ratio: got ") and "a number is needed" in line


@pytest.mark.parametrize("value", [0, 1, 1.0, "1", "yes", None, [True]])
def test_a_truth_is_nothing_else(value: Any) -> None:
    assert "filled: got " in refused({"filled": value}) and "true, false" in refused({"filled": value})


@pytest.mark.parametrize("value", [5, 1e-4, True, None, ["x"]])
def test_a_text_is_nothing_else(value: Any) -> None:
    assert refused({"title": value}).startswith("title: got ")


@pytest.mark.parametrize(("value", "got"), [("blak", "'blak'"), (1, "1"), (None, "None"), (["black"], "['black']")])
def test_a_choice_is_one_of_its_names(value: Any, got: str) -> None:
    line = refused({"ink": value})
    assert line.startswith(f"ink: got {got}; allowed: black, blue")


@pytest.mark.parametrize("value", [True, 1.5, "1", 3])
def test_a_choice_of_numbers_is_one_of_them(value: Any) -> None:
    assert "allowed: 1, 2" in refused({"layers": value})


def test_a_misspelt_choice_gets_the_nearest_one() -> None:
    assert "did you mean 'black'?" in refused({"ink": "blck"})


@pytest.mark.parametrize("value", [{"kind": "Circle"}, "Circle", 3, None])
def test_a_list_is_nothing_else(value: Any) -> None:
    assert refused({"extras": value}).startswith("extras: got ") and "a list is needed" in refused({"extras": value})


@pytest.mark.parametrize("value", [[1.0], [1.0, 2.0, 3.0], []])
def test_a_pair_has_two_values(value: Any) -> None:
    assert refused({"corner": value}) == f"corner: got {len(value)} values; 2 are needed"


def test_unknown_fields_get_their_path_and_the_nearest_spelling() -> None:
    assert refused({"tilte": "x"}).startswith("Drawing has no field 'tilte'; did you mean 'title'?")
    line = refused({"shape": {"kind": "Circle", "radios": 2}})
    assert line == "shape: Circle has no field 'radios'; did you mean 'radius'? (known: radius)"


def test_unknown_kinds_get_their_path_and_the_nearest_spelling() -> None:
    assert refused({"shape": {"kind": "Cirle"}}).startswith("shape: unknown kind 'Cirle'; did you mean 'Circle'?")
    assert refused({"extras": ["Circle", "Sqare"]}).startswith(
        "extras[1]: unknown kind 'Sqare'; did you mean 'Square'?"
    )


def test_a_kind_that_exists_elsewhere_only_is_unknown_here() -> None:
    assert "unknown kind 'Hidden'" in refused({"shape": {"kind": "Hidden"}})
    assert "unknown kind 'Circle'" in refused({"frame": {"kind": "Circle"}})
    for name in ("Drawing", "dict", "os.system", "__import__", "NoneType"):
        assert "unknown kind" in refused({"shape": {"kind": name}})


def test_a_missing_kind_is_asked_for() -> None:
    assert refused({"shape": {"radius": 2}}) == "shape: 'kind' is missing; allowed: Circle, Square"


@pytest.mark.parametrize("value", [3, 2.5, True, ["Circle"]])
def test_a_spec_is_nothing_else(value: Any) -> None:
    assert refused({"shape": value}).startswith("shape: ")


def test_nothing_is_refused_where_a_spec_is_needed() -> None:
    assert refused({"shape": None}) == "shape: got nothing; a value is needed"


def test_values_that_a_spec_refuses_are_named_with_their_path() -> None:
    line = refused({"extras": [{"kind": "Circle"}, {"kind": "Circle", "radius": -1}]})
    assert line == "extras[1]: Circle.radius is -1; it has to be above 0"


def test_a_required_field_that_is_missing_is_named() -> None:
    assert refused({"needy": {}}).startswith("needy: Needy") and "size" in refused({"needy": {}})


def test_error_lines_begin_with_the_given_path() -> None:
    with pytest.raises(UsageError, match=r"^recipe\.shape\.radius: got 'big'"):
        from_plain({"shape": {"kind": "Circle", "radius": "big"}}, Drawing, where="recipe")


def test_long_deep_and_many_lined_values_still_make_one_short_line() -> None:
    deep: list[Any] = []
    for _ in range(12):
        deep = [deep] * 9  # spelt out: 9^12 brackets
    itself: list[Any] = []
    itself.append(itself)
    for value in ("a\nb", "x" * 10_000, list(range(10_000)), {"a": {"b": "c\nd" * 500}}, deep, itself):
        for field in ("count", "ratio", "filled", "ink", "corner", "shape"):
            refused({field: value})
    refused({"a\nb": 1})
    refused({"shape": {"kind": "a\nb"}})
    refused({"shape": {"kind": deep}})


plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Circle", "Square"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "radius", "side", "x"]) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(data=st.dictionaries(st.sampled_from(list(field_types(Drawing))), plain_data, max_size=4))
def test_any_plain_data_are_a_drawing_or_one_line(data: dict[str, Any]) -> None:
    drawing, line = Drawing(), ""
    try:
        drawing = from_plain(data, Drawing)
    except UsageError as error:
        line = str(error)
    assert "\n" not in line
    for name, allowed in (("count", {int}), ("ratio", {int, float}), ("filled", {bool}), ("title", {str})):
        assert type(getattr(drawing, name)) in allowed
    assert isinstance(drawing.shape, Circle | Square)


# --- a user's own kinds, and what kinds there are


@dataclass(frozen=True)
class Star:
    points: int = 5


def test_own_kinds_can_be_named_where_they_are_handed_in() -> None:
    data = {"shape": {"kind": "Star", "points": 7}}
    assert "unknown kind 'Star'" in refused(data)
    assert from_plain(data, Drawing, extra=(Star,)).shape == Star(7)
    drawing = dataclasses.replace(Drawing(), shape=Star(9))  # type: ignore[arg-type]
    assert from_plain(to_plain(drawing), Drawing, extra=(Star,)) == drawing


def test_mistakes_in_own_kinds_are_one_line_too() -> None:
    with pytest.raises(UsageError, match=r"^shape.points: got 'many'; a whole number is needed$"):
        from_plain({"shape": {"kind": "Star", "points": "many"}}, Drawing, extra=(Star,))


def test_all_kinds_are_found_and_no_others() -> None:
    assert all_kinds(Drawing) == {"Drawing": Drawing, "Circle": Circle, "Square": Square, "Needy": Needy}


def test_kinds_of_an_annotation_are_its_specs() -> None:
    assert kinds_of(field_types(Drawing)["shape"]) == (Circle, Square)
    assert kinds_of(field_types(Drawing)["frame"]) == (Square,)
    assert kinds_of(field_types(Drawing)["count"]) == ()


def test_a_field_called_kind_is_refused_before_it_hides_the_type() -> None:
    @dataclasses.dataclass(frozen=True)
    class Hidden:
        kind: str = "auto"

    with pytest.raises(UsageError, match="a field of Hidden is called 'kind'"):
        to_plain(Hidden())


def test_an_object_that_is_called_is_no_class_and_no_function_that_a_file_could_name():
    class Module:
        def __call__(self, x):
            return x

    for value, kind in ((Module(), "Module"), (functools.partial(max, 1), "partial")):
        with pytest.raises(
            UsageError, match=rf"objective.loss is an object of {kind}, which no file can hold: write its"
        ):
            to_plain(value, where="objective.loss")
    assert to_plain(Module).endswith("Module") and to_plain(len) == "builtins:len"
