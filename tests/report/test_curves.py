"""Curves of a run's record."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from steadygan.report.curves import COLOURS, Chart, Series

SVG = "{http://www.w3.org/2000/svg}"


def parsed(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg())


def lines(chart: Chart) -> list[ElementTree.Element]:
    return parsed(chart).findall(f"./{SVG}svg/{SVG}path")


def points(path: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path.attrib["d"])]


def rising(name: str = "loss", count: int = 11) -> Series:
    return Series(name, np.arange(float(count)), np.arange(float(count)))


def test_a_chart_is_xml_with_its_text_for_those_who_cannot_see_it() -> None:
    root = parsed(Chart([rising()], title="Critic <loss> & co"))
    assert root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "Critic <loss> & co. loss: last 10.0, lowest 0, highest 10.0."


def test_points_fall_where_the_axes_say() -> None:
    chart = Chart([rising()], title="t", width=520, height=250)
    found = points(lines(chart)[0])
    assert (found[0][0], found[-1][0]) == (52, 502)
    x, y = np.array(found).T
    assert np.allclose(np.diff(x), 45, atol=0.11)
    assert np.allclose(np.diff(y), -(250 - 36 - 12) / 1.1 / 10, atol=0.11)


def test_a_page_can_read_values_back_from_pixels() -> None:
    root = parsed(Chart([rising()], title="t", log_y=False))
    low, high, start, end, log = (float(part) for part in root.attrib["data-y"].split())
    pixel = points(root.findall(f"./{SVG}svg/{SVG}path")[0])[7][1]
    assert low + (pixel - start) / (end - start) * (high - low) == pytest.approx(7, abs=0.01)
    assert log == 0


def test_missing_values_lift_the_pen_and_a_lone_point_becomes_a_dot() -> None:
    y = np.array([1, 2, np.nan, 3, np.nan, 4, 5])
    path = lines(Chart([Series("a", np.arange(7.0), y)], title="t"))[0].attrib["d"]
    assert [part.count("L") for part in path.split("M")[1:]] == [1, 0, 1]
    assert path.split("M")[2].endswith("h0")


def test_a_log_axis_leaves_out_what_is_not_positive() -> None:
    y = np.array([-1, 0, 1, 10, 100.0])
    chart = Chart([Series("a", np.arange(5.0), y)], title="t", log_y=True)
    heights = [height for _, height in points(lines(chart)[0])]
    assert len(heights) == 3
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.11)
    assert chart.outside() == 2


def test_a_long_series_on_a_log_axis_keeps_its_detail_at_the_start() -> None:
    x = np.arange(1.0, 20_001)
    found = points(lines(Chart([Series("a", x, x)], title="t", log_x=True))[0])
    first_decades = [point for point in found if point[0] < 52 + 450 * 2 / np.log10(20_000)]
    assert len(first_decades) > 60  # of 100; stretches of equal length in x would keep a handful


def test_several_series_have_a_legend_and_their_own_colours() -> None:
    chart = Chart([rising("train"), rising("held-out <b>")], title="t")
    root = parsed(chart)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "train" in texts
    assert "held-out <b>" in texts
    assert [path.attrib["class"] for path in lines(chart)] == ["series-1", "series-2"]
    assert "train" not in [text.text for text in parsed(Chart([rising("train")], title="t")).iter(f"{SVG}text")]


def test_a_faint_line_has_the_colour_of_the_line_above_it_and_no_entry() -> None:
    raw = Series("loss", np.arange(3.0), np.zeros(3), faint=True)
    chart = Chart([raw, rising("one"), raw, rising("two")], title="t")
    assert [path.attrib["class"] for path in lines(chart)] == ["series-1", "series-1", "series-2", "series-2"]
    assert [path.get("data-name") for path in lines(chart)] == [None, "one", None, "two"]


def test_more_series_than_colours_are_dashed() -> None:
    paths = lines(Chart([rising(str(i)) for i in range(len(COLOURS) + 1)], title="t"))
    assert paths[0].attrib["stroke"] == paths[-1].attrib["stroke"]
    assert "stroke-dasharray" not in paths[0].attrib
    assert "stroke-dasharray" in paths[-1].attrib


def test_a_long_legend_takes_more_lines_and_stays_inside() -> None:
    chart = Chart([rising("a rather long name of a series, number " + str(i)) for i in range(5)], title="t")
    entries = [t for t in parsed(chart).iter(f"{SVG}text") if "long name" in (t.text or "")]
    assert len({t.attrib["y"] for t in entries}) == 5
    frame = parsed(chart).find(f"{SVG}svg")
    assert frame is not None
    assert float(frame.attrib["y"]) > max(float(t.attrib["y"]) for t in entries)


def test_a_band_spans_its_edges_and_widens_the_axis() -> None:
    x, y = np.arange(10.0), np.ones(10)
    chart = Chart([Series("mean", x, y, band=(y - 2, y + 2))], title="t")
    band, line = lines(chart)
    heights = [height for _, height in points(band)]
    middle = points(line)[0][1]
    assert middle - min(heights) == pytest.approx(max(heights) - middle, abs=0.2)
    assert max(heights) - min(heights) > 150


def test_marks_are_always_in_the_frame() -> None:
    root = parsed(Chart([rising()], title="t", marks=(50.0,)))
    low, high = (float(part) for part in root.attrib["data-y"].split()[:2])
    assert low < 50 < high


def test_twenty_thousand_rows_stay_small_and_keep_their_extremes() -> None:
    y = np.random.default_rng(0).normal(size=20_000)
    y[12_345] = 6.0
    chart = Chart([Series("a", np.arange(20_000.0), y)], title="t")
    assert len(chart.svg()) < 12_000
    assert min(height for _, height in points(lines(chart)[0])) == pytest.approx(12 + 202 * 0.05 / 1.1, abs=0.2)


def test_a_spike_is_cut_off_and_counted() -> None:
    y = np.linspace(0, 1, 1000)
    y[3] = 900
    chart = Chart([Series("a", np.arange(1000.0), y)], title="t")
    assert chart.outside() == 1
    assert "highest 900" in chart.svg()


@pytest.mark.parametrize("y", [np.empty(0), np.full(3, np.nan), np.array([np.inf])])
def test_an_empty_chart_has_a_note(y: np.ndarray) -> None:
    chart = Chart([Series("a", np.arange(float(len(y))), y)], title="t")
    assert "no finite value" in ElementTree.tostring(parsed(chart), encoding="unicode")
    assert chart.outside() == 0
    assert Chart([], title="t").svg()


def test_one_point_is_a_chart() -> None:
    assert len(points(lines(Chart([rising(count=1)], title="t"))[0])) == 1
