"use strict";
// The page: its state, its controls, and what is asked of the engine when they change.

const POINTS = 2000, FRAMES = 9, REACH = 3;
const kind = document.body.dataset.kind;
const element = (id) => document.getElementById(id);
const prior = { ...GENERATOR.prior, bank: GENERATOR.prior.bank && floatsOf(GENERATOR.prior.bank) };
const directions = rowsOf(floatsOf(GENERATOR.directions.values), prior.size);
const classes = GENERATOR.classes;
const layout = layoutOf();
const state = {
  seed: 1,
  chosen: 0,
  label: null, // null: all classes in turn
  truncation: null, // null: none
  offsets: directions.map(() => 0),
  pins: { a: null, b: null },
  t: 0.5,
};
const seen = { grid: [], stage: null, path: [], middle: null }; // the samples that are shown
let engine, queue, scatter;

function rowsOf(numbers, width) {
  return Array.from({ length: numbers.length / width }, (_, i) => numbers.subarray(i * width, (i + 1) * width));
}

/** How many samples are shown, and in how many columns. */
function layoutOf() {
  if (kind === "points") return { count: POINTS };
  if (kind === "text") return { count: 24, columns: 1, small: 1 };
  const side = Math.max(GENERATOR.shape[1], GENERATOR.shape[2]);
  const columns = classes.length > 3 && classes.length <= 10 ? classes.length : side > 100 ? 4 : side > 48 ? 6 : 8;
  return { count: columns * (side > 100 ? 3 : 5), columns, small: columns > 6 ? 5 : Math.min(4, columns) };
}

// What is asked of the engine

const labelOf = (index) => (classes.length ? state.label ?? index % classes.length : null);

/** The request for a sample of the present seed, moved along the directions. */
function requestOf(index, offsets = state.offsets) {
  const ofLatents = GENERATOR.truncation === "latents" ? state.truncation : null;
  const latent = moved(prior, latentOf(prior, state.seed, index, ofLatents), directions, offsets);
  return { latent, label: labelOf(index), truncation: GENERATOR.truncation === "styles" ? state.truncation : null };
}

/** What is pinned; until something is, the first sample, and the last one of its class. */
function pinned(name) {
  const turns = classes.length && state.label === null ? classes.length : 1;
  const last = layout.count - 1 - ((layout.count - 1) % turns);
  return state.pins[name] ?? requestOf(name === "a" ? 0 : last);
}

function requestBetween(t) {
  const [a, b] = [pinned("a"), pinned("b")];
  const truncation = a.truncation === null ? null : a.truncation + t * (b.truncation - a.truncation);
  return { ...(t < 0.5 ? a : b), latent: between(prior, a.latent, b.latent, t), truncation };
}

const range = (count) => Array.from({ length: count }, (_, i) => i);

/** Asks for everything that shows samples of the present settings; `quick` while a control is moving. */
function refresh(quick = false) {
  queue.ask("grid", range(layout.count).map((i) => requestOf(i)), showInGrid, gridDone);
  if (!state.pins.a || !state.pins.b) refreshPath();
  refreshChosen(quick);
}

/** Asks for the chosen sample, and for what the ends of the directions' sliders make of it. */
function refreshChosen(quick = false) {
  if (kind !== "points") queue.ask("stage", [requestOf(state.chosen)], showStage);
  if (kind === "image" && !quick) {
    const turned = (k, reach) => requestOf(state.chosen, state.offsets.with(k, reach));
    const ends = directions.flatMap((_, k) => [turned(k, -REACH), turned(k, REACH)]);
    queue.ask("ends", ends, (sample, i) => paint(sliderEnds[i], sample));
  }
  caption();
  remember();
}

function refreshPath() {
  const frames = kind === "points" ? 65 : FRAMES;
  seen.path = [];
  queue.ask("path", range(frames).map((i) => requestBetween(i / (frames - 1))), showInPath);
  refreshMiddle();
}

function refreshMiddle(done) {
  queue.ask("middle", [requestBetween(state.t)], showMiddle, done);
}

// What is shown

function newTile() {
  const tile = document.createElement(kind === "text" ? "div" : "canvas");
  if (kind === "text") tile.className = "line";
  return tile;
}

function paint(tile, sample) {
  if (kind === "text") tile.textContent = lineOf(sample, GENERATOR.alphabet) || " ";
  else drawPicture(tile, sample, GENERATOR.shape);
}

const stage = newTile(), middle = newTile();
const ends = { a: newTile(), b: newTile() };
const strip = range(FRAMES).map(newTile);
const sliderEnds = directions.flatMap(() => [newTile(), newTile()]);
const tiles = kind === "points" ? [] : range(layout.count).map(newTile);

function showStage(sample) {
  seen.stage = sample;
  paint(stage, sample);
}

function showInGrid(sample, i) {
  seen.grid[i] = sample;
  if (kind === "points") redraw();
  else paint(tiles[i], sample);
}

function showInPath(sample, i) {
  seen.path[i] = sample;
  if (kind === "points") return redraw();
  paint(strip[i], sample);
  if (i === 0) paint(ends.a, sample);
  if (i === FRAMES - 1) paint(ends.b, sample);
}

function showMiddle(sample) {
  seen.middle = sample;
  if (kind === "points") redraw();
  else paint(middle, sample);
}

let drawing = false;
/** Draws the points in the browser's next frame, once however many have come. */
function redraw() {
  if (kind !== "points" || drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const path = seen.path.filter(Boolean);
    const marks = [[seen.grid[state.chosen], ""], [seen.middle, ""], [path[0], "A"], [path.at(-1), "B"]];
    scatter.draw(seen.grid, path, marks.filter(([point]) => point).map(([point, name]) => ({ point, name })));
    caption();
  });
}

function caption() {
  const what = { image: "Sample", text: "Line", points: "Point" }[kind];
  const parts = [`${what} ${state.chosen + 1} of seed ${state.seed}`];
  if (classes.length) parts.push(`class ${classes[labelOf(state.chosen)]}`);
  const point = kind === "points" && seen.grid[state.chosen];
  if (point) parts.push(`(${Array.from(point, (x) => x.toPrecision(3)).join(", ")})`.replaceAll("-", "−"));
  const text = parts.join(" · ");
  if (element("caption").textContent !== text) element("caption").textContent = text;
}

/** The largest difference of two samples; colours over an alpha that is rounded to different sides are left out. */
function differenceOf(sample, expected) {
  const hasAlpha = kind === "image" && GENERATOR.shape[0] % 2 === 0;
  const area = hasAlpha ? GENERATOR.shape[1] * GENERATOR.shape[2] : 0;
  const [one, other] = [sample.subarray(sample.length - area), expected.subarray(expected.length - area)];
  return sample.reduce((largest, x, i) => {
    const isColour = hasAlpha && i < sample.length - area;
    if (isColour && Math.round(one[i % area]) !== Math.round(other[i % area])) return largest;
    return Math.max(largest, Math.abs(x - expected[i]));
  }, 0);
}

/** What is said of the largest difference from PyTorch's samples. */
function agreement(largest) {
  if (kind === "text") return largest ? "differ from PyTorch's" : "are PyTorch's, character by character";
  const unit = kind === "image" ? " grey levels" : "";
  return largest < 1e-3 ? `agree with PyTorch's to 0.001${unit}` : `differ from PyTorch's by up to ${largest.toPrecision(2)}${unit}`;
}

let isChecked = false;
/** After the first samples: compares those of fixed latents with Python's. */
function gridDone() {
  document.body.dataset.ready = "yes";
  if (kind === "image") element("icon").href = tiles[0].toDataURL();
  if (isChecked) return;
  isChecked = true;
  const { latents, labels, samples } = GENERATOR.check;
  const rows = rowsOf(floatsOf(latents), prior.size);
  const expected = rowsOf(floatsOf(samples), GENERATOR.shape.reduce((a, b) => a * b));
  let largest = 0;
  const compare = (sample, i) => (largest = Math.max(largest, differenceOf(sample, expected[i])));
  queue.ask("check", rows.map((latent, i) => ({ latent, label: labels[i], truncation: null })), compare, () => {
    document.body.dataset.difference = largest;
    element("check").textContent =
      `Checked in this browser: ${rows.length} samples of fixed latents ${agreement(largest)}.`;
  });
}
