"""The page in headless Chromium, opened from disk: samples are PyTorch's, and the controls do what they say."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.special import ndtri
from scipy.stats import kstest, truncnorm

from steadygan.export.page.page import write_page
from steadygan.run.styles import truncated
from tests.browser import EXECUTABLE, Browser
from tests.export.untrained import FAMILIES

pytestmark = [pytest.mark.slow, pytest.mark.skipif(EXECUTABLE is None, reason="needs Chromium")]

SHOWN = ("points", "text", "images with labels", "StyleGAN2")
STATE = "JSON.stringify({seed: state.seed, chosen: state.chosen, label: state.label, truncation: state.truncation})"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The addresses of pages; that of text is a single file."""
    folder = tmp_path_factory.mktemp("pages")
    paths = {family: folder / family / "index.html" for family in SHOWN}
    paths["text"] = folder / "text.html"
    for family, path in paths.items():
        write_page(FAMILIES[family](), path if family == "text" else path.parent)
    return {name: path.as_uri() for name, path in paths.items()}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.resize(1280, 900)
        yield opened


def shown(browser: Browser, address: str, settings: str = "seed=5") -> None:
    """Opens a page, if another one is open, and waits until samples of these settings are there."""
    if browser.evaluate("location.href").split("#")[0] != address:
        browser.open(f"{address}#{settings}")
        browser.wait_for("document.body.dataset.difference && location.href.startsWith(" + json.dumps(address) + ")")
        return
    change = "history.replaceState(null, '', '#' + " + json.dumps(settings) + ")"
    event = "window.dispatchEvent(new HashChangeEvent('hashchange'))"
    browser.evaluate(f"delete document.body.dataset.ready; {change}; {event}; 1")
    browser.wait_for("document.body.dataset.ready")


def value(browser: Browser, expression: str):
    return json.loads(browser.evaluate(f"JSON.stringify({expression})"))


def made(browser: Browser, run, count: int, truncation: float | None = None) -> np.ndarray:
    """The browser's samples of the run's latents of seed 9."""
    latents, labels = run.latents(count, 9).tolist(), run.labels(count, 9)
    numbers = [None] * count if labels is None else labels.tolist()
    requests = [
        {"latent": latent, "label": label, "truncation": truncation}
        for latent, label in zip(latents, numbers, strict=True)
    ]
    run_all = f"engine.run({json.dumps(requests)}).then((all) => JSON.stringify(all.map((x) => Array.from(x))))"
    return np.array(json.loads(browser.evaluate(run_all)))


@pytest.mark.parametrize("family", SHOWN)
def test_samples_of_fixed_latents_are_pytorchs(browser, pages, family):
    run = FAMILIES[family]()
    shown(browser, pages[family])
    assert browser.errors == []  # none was thrown, and nothing was asked of the network
    expected = run.decode(run.latents(6, 9), run.labels(6, 9))
    samples = made(browser, run, 6).reshape(expected.shape)
    if run.sample_spec.is_image:
        assert np.abs(np.round(samples) - expected).max() <= 2 and expected.std() > 1
    else:
        np.testing.assert_allclose(samples, expected, atol=1e-4)
    assert float(browser.evaluate("document.body.dataset.difference")) < (0.1 if run.sample_spec.is_image else 1e-4)
    browser.resize(360, 640, dark=True)
    assert browser.evaluate("document.documentElement.scrollWidth") <= 360
    browser.evaluate(
        "document.querySelectorAll('#classes button').forEach((x) => { x.textContent += 'x'.repeat(90); })"
    )
    assert browser.evaluate("document.documentElement.scrollWidth") <= 360
    browser.resize(1280, 900)


def test_truncation_of_styles_is_pythons(browser, pages):
    run = FAMILIES["StyleGAN2"]()
    shown(browser, pages["StyleGAN2"])
    samples = made(browser, run, 4, 0.4)
    network = run.load_generator()
    with truncated(network, 0.4):
        expected = run.decode(run.latents(4, 9), run.labels(4, 9), generator=network)
    assert np.abs(np.round(samples.reshape(expected.shape)) - expected).max() <= 2


def test_a_canvas_shows_the_pixels_of_a_sample(browser, pages):
    shown(browser, pages["images with labels"])
    drawn = value(browser, "Array.from(tiles[3].getContext('2d').getImageData(0, 0, 8, 8).data)")
    sample = browser.evaluate("engine.run([requestOf(3)]).then(([x]) => Array.from(x))")
    pixels = np.array(drawn).reshape(64, 4)
    assert (pixels[:, 3] == 255).all()
    for channel in range(3):
        np.testing.assert_allclose(pixels[:, channel], sample, atol=0.51)


def test_directions_move_samples_as_python_does(browser, pages):
    run = FAMILIES["images with labels"]()
    shown(browser, pages["images with labels"], "seed=5&sample=2&class=3&directions=1.5,0,-2")
    vectors = np.array(value(browser, "directions.map((x) => Array.from(x))"))
    base = np.array(value(browser, "Array.from(latentOf(prior, 5, 1))"))
    moved = torch.tensor(base + 1.5 * vectors[0] - 2 * vectors[2], dtype=torch.float32)
    expected = run.decode(moved[None], torch.tensor([3]))
    browser.wait_for("seen.stage")
    assert np.abs(np.round(value(browser, "Array.from(seen.stage)")) - expected.ravel()).max() <= 2


@pytest.mark.parametrize(
    "settings", ["seed=-1&sample=0&class=99&truncation=x&directions=9,nan", "seed=1e99", "%", "=&&="]
)
def test_settings_in_the_address_that_are_out_of_range_are_left_out(browser, pages, settings):
    shown(browser, pages["images with labels"], settings)
    assert json.loads(browser.evaluate(STATE)) == {"seed": 1, "chosen": 0, "label": None, "truncation": None}
    assert value(browser, "state.offsets") == [0, 0, 0, 0] and browser.errors == []


def test_keys_and_buttons(browser, pages):
    shown(browser, pages["images with labels"])
    browser.press("ArrowRight")
    browser.press("ArrowDown")
    state = json.loads(browser.evaluate(STATE))
    assert state["chosen"] == 11 and value(browser, "document.activeElement === tiles[11].parentElement")
    browser.press("a")
    browser.press("ArrowLeft")
    browser.press("b")
    assert value(browser, "[state.pins.a.label, state.pins.b.label]") == [1, 0]
    browser.press("n")
    assert json.loads(browser.evaluate(STATE))["seed"] != 5
    browser.evaluate("document.querySelector('#classes button[value=\"7\"]').click()")
    assert value(browser, "range(4).map(labelOf)") == [7] * 4
    browser.evaluate("sliders[1].slider.value = 2; sliders[1].slider.onchange()")
    assert value(browser, "state.offsets") == [0, 2, 0, 0] and "directions=0%2C2%2C0%2C0" in browser.evaluate(
        "location.hash"
    )
    browser.press("r")
    assert value(browser, "state.offsets") == [0, 0, 0, 0]
    browser.evaluate("document.getElementById('seed').focus()")
    browser.press("r")  # letters typed into a field are no keys of the page
    assert json.loads(browser.evaluate(STATE))["label"] == 7
    assert value(browser, "(({width, height}) => [width, height])(sheetOf(tiles.slice(0, 4), 2, 4))") == [516, 516]
    assert browser.errors == []


def test_latents_have_the_priors_distribution(browser, pages):
    shown(browser, pages["points"])
    shares = [1e-7, 0.001, 0.02425, 0.3, 0.5, 0.9, 0.999999]
    np.testing.assert_allclose(value(browser, f"{shares}.map(quantile)"), ndtri(shares), atol=1e-7)
    draw = "range(4000).map((i) => Array.from(latentOf({kind: '%s', size: 2, threshold: %s}, 7, i, %s)))"
    plain = np.array(value(browser, draw % ("normal", "null", "null")))
    assert kstest(plain.ravel(), "norm").pvalue > 0.01 and abs(np.corrcoef(plain.T)[0, 1]) < 0.05
    for threshold, truncation in (("null", 0.8), (0.8, "null"), (3, 0.8), (0.8, 3)):
        narrow = np.array(value(browser, draw % ("normal", threshold, truncation))).ravel()
        assert np.abs(narrow).max() <= 0.8 and kstest(narrow, truncnorm(-0.8, 0.8).cdf).pvalue > 0.01
    uniform = np.array(value(browser, draw % ("uniform", "null", "null"))).ravel()
    assert kstest(uniform, "uniform", args=(-1, 2)).pvalue > 0.01
    again = value(browser, "Array.from(latentOf(prior, 7, 3))")
    assert (
        again
        != value(browser, "Array.from(latentOf(prior, 8, 3))")
        != value(browser, "Array.from(latentOf(prior, 8, 4))")
    )


def test_ways_between_latents_keep_their_length_and_support(browser, pages):
    shown(browser, pages["points"])

    def way(kind: str, a: list[float], b: list[float]) -> np.ndarray:
        ends = f"new Float32Array({a}), new Float32Array({b})"
        return np.array(value(browser, f"range(5).map((k) => Array.from(between({{kind: '{kind}'}}, {ends}, k / 4)))"))

    arc = way("normal", [2.0, 0.0], [0.0, 2.0])
    np.testing.assert_allclose(np.linalg.norm(arc, axis=1), 2, atol=1e-6)  # a quarter turn, in equal steps
    np.testing.assert_allclose(np.degrees(np.arctan2(arc[:, 1], arc[:, 0])), [0, 22.5, 45, 67.5, 90], atol=1e-4)
    np.testing.assert_allclose(way("uniform", [-1.0, 0.0], [1.0, 1.0])[:, 0], [-1, -0.5, 0, 0.5, 1])
    for a, b in (([1.0, 0.0], [-1.0, 0.0]), ([0.0], [0.0]), ([1.0], [1.0])):
        np.testing.assert_allclose(way("normal", a, b)[[0, -1]], [a, b], atol=1e-6)
        assert np.isfinite(way("normal", a, b)).all()
    far = value(browser, "Array.from(moved({kind: 'uniform', deviation: 1}, [0.5, 0], [[1, 0]], [3]))")
    assert far == [1, 0]
