"use strict";
// The controls of the page, and its keys.

function choose(index) {
  state.chosen = Math.max(0, Math.min(layout.count - 1, index));
  showChosen();
  refreshChosen();
  redraw();
}

function showChosen() {
  tiles.forEach((tile, i) => {
    if (i === state.chosen) tile.parentElement.setAttribute("aria-current", "true");
    else tile.parentElement.removeAttribute("aria-current");
  });
}

function pin(name) {
  state.pins[name] = requestOf(state.chosen);
  element("hint").hidden = Boolean(state.pins.a && state.pins.b);
  refreshPath();
}

function fresh() {
  setSeed(Math.floor(Math.random() * 2 ** 32));
}

function setSeed(seed) {
  state.seed = Math.min(2 ** 32 - 1, Math.max(0, Math.floor(Number(seed)) || 0));
  element("seed").value = state.seed;
  refresh();
}

function setLabel(label) {
  state.label = label;
  showLabel();
  refresh();
}

function showLabel() {
  const control = element("classes");
  control.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", button.value === String(state.label ?? "")));
  const select = control.querySelector("select");
  if (select) select.value = String(state.label ?? "");
}

function reset() {
  state.offsets.fill(0);
  showOffsets();
  refresh();
}

const sliders = directions.map((_, k) => newSlider(k));

function newSlider(k) {
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: -REACH, max: REACH, step: 0.05, value: 0 });
  slider.setAttribute("aria-label", `Direction ${k + 1}`);
  const set = (quick) => {
    state.offsets[k] = Number(slider.value);
    showOffsets();
    refresh(quick);
  };
  slider.oninput = () => set(true);
  slider.onchange = () => set(false);
  slider.ondblclick = () => {
    slider.value = 0;
    set(false);
  };
  const name = document.createElement("span"), value = document.createElement("output"), row = document.createElement("div");
  name.append(`Direction ${k + 1} · ${Math.round(100 * GENERATOR.directions.shares[k])} %`, value);
  const [low, high] = sliderEnds.slice(2 * k, 2 * k + 2);
  const control = document.createElement("div");
  control.append(name, slider);
  row.className = kind === "image" ? "slider" : "slider plain";
  row.append(...(kind === "image" ? [low, control, high] : [control]));
  element("sliders").append(row);
  return { slider, value };
}

function showOffsets() {
  sliders.forEach(({ slider, value }, k) => {
    slider.value = state.offsets[k];
    value.textContent = state.offsets[k] ? signed(state.offsets[k]) : "0";
  });
}

const signed = (x) => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(1);

let isPlaying = false;
/** Runs along the way from A to B and back, a share of it with each frame that is made. */
function play() {
  isPlaying = !isPlaying;
  element("play").textContent = isPlaying ? "Stop" : "Play";
  const began = performance.now() - 4000 * state.t;
  const step = () => {
    if (!isPlaying) return;
    const turn = ((performance.now() - began) / 4000) % 2;
    state.t = turn < 1 ? turn : 2 - turn;
    element("t").value = state.t;
    refreshMiddle(() => requestAnimationFrame(step));
  };
  step();
}

function makeControls() {
  element("fresh").onclick = fresh;
  element("seed").onchange = (event) => setSeed(event.target.value);
  element("pin-a").onclick = () => pin("a");
  element("pin-b").onclick = () => pin("b");
  element("reset").onclick = reset;
  element("play").onclick = play;
  element("t").oninput = (event) => {
    state.t = Number(event.target.value);
    refreshMiddle();
  };
  makeClasses();
  makeTruncation();
  makeGrid();
  makeSaves();
  document.addEventListener("keydown", onKey);
  element("facts").append(
    ...GENERATOR.facts.flatMap(([name, value]) => {
      const [term, detail] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, detail.textContent] = [name, value];
      return [term, detail];
    }),
  );
}

function makeClasses() {
  if (!classes.length) return;
  const control = element("classes");
  control.hidden = false;
  const choices = [["All", ""], ...classes.map((name, i) => [name, String(i)])];
  const take = (value) => setLabel(value === "" ? null : Number(value));
  if (classes.length > 12) {
    const select = document.createElement("select");
    select.setAttribute("aria-label", "Class");
    select.append(...choices.map(([name, value]) => new Option(name, value)));
    select.onchange = () => take(select.value);
    control.append(select);
  } else {
    for (const [name, value] of choices) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name, value });
      button.onclick = () => take(value);
      control.append(button);
    }
  }
  showLabel();
}

const mostTruncation = GENERATOR.truncation === "styles" ? 1 : Math.min(3, prior.threshold ?? 3);

function makeTruncation() {
  if (!GENERATOR.truncation) return;
  const slider = element("truncation").querySelector("input");
  Object.assign(slider, { min: GENERATOR.truncation === "styles" ? 0 : 0.1, max: mostTruncation, step: 0.05 });
  slider.oninput = () => {
    state.truncation = Number(slider.value) >= mostTruncation - 0.01 ? null : Number(slider.value);
    showTruncation();
    refresh(true);
  };
  slider.onchange = () => refresh();
  element("truncation").hidden = false;
  showTruncation();
}

function showTruncation() {
  const [slider, output] = element("truncation").querySelectorAll("input, output");
  slider.value = state.truncation ?? mostTruncation;
  const sign = GENERATOR.truncation === "styles" ? "" : "±";
  output.textContent = state.truncation === null ? "none" : sign + state.truncation.toFixed(2);
}

function makeGrid() {
  const [stagePlace, grid] = [element("stage"), element("grid")];
  if (kind === "points") {
    const canvas = document.createElement("canvas");
    stagePlace.append(canvas);
    scatter = new Scatter(canvas, GENERATOR.extent);
    canvas.onclick = (event) => choose(scatter.nearest(event.offsetX, event.offsetY));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "Generated points");
    element("rest").prepend(element("directions"));
    element("samples").remove();
    new ResizeObserver(redraw).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    return;
  }
  const [channels, height, width] = GENERATOR.shape;
  const main = document.querySelector("main");
  if (kind === "image") {
    main.classList.toggle("sharp", Math.max(height, width) < 128);
    main.classList.toggle("alpha", channels % 2 === 0);
    main.style.setProperty("--aspect", `${width} / ${height}`);
  }
  grid.style.setProperty("--columns", layout.columns);
  grid.style.setProperty("--columns-small", layout.small);
  tiles.forEach((tile, i) => {
    const button = document.createElement("button");
    button.type = "button";
    if (kind === "image") button.setAttribute("aria-label", `Sample ${i + 1}`);
    button.onclick = () => choose(i);
    button.append(tile);
    grid.append(button);
  });
  stagePlace.append(stage);
  element("strip").append(...strip);
  for (const [id, tile, name] of [["a", ends.a, "A"], ["middle", middle, "between"], ["b", ends.b, "B"]]) {
    const caption = document.createElement("figcaption");
    caption.textContent = name;
    element(id).append(tile, caption);
  }
}

function makeSaves() {
  const name = () => `${GENERATOR.name}-seed-${state.seed}`;
  if (kind === "text") {
    for (const id of ["save", "save-all", "save-path"]) element(id).textContent = "Save text";
    const textOf = (tile) => tile.map((each) => each.textContent).join("\n") + "\n";
    element("save").onclick = () => saveText(textOf([stage]), `${name()}-line-${state.chosen + 1}.txt`);
    element("save-all").onclick = () => saveText(textOf(tiles), `${name()}.txt`);
    element("save-path").onclick = () => saveText(textOf(strip), `${name()}-path.txt`);
  } else if (kind === "points") {
    element("save").onclick = () => savePicture(scatter.canvas, `${name()}.png`);
    element("save-path").remove();
  } else {
    element("save").onclick = () => savePicture(sheetOf([stage], 1, 0), `${name()}-sample-${state.chosen + 1}.png`);
    element("save-all").onclick = () => savePicture(sheetOf(tiles, layout.columns, 4), `${name()}.png`);
    element("save-path").onclick = () => savePicture(sheetOf(strip, FRAMES, 4), `${name()}-path.png`);
  }
  element("save-latent").onclick = () => {
    const request = requestOf(state.chosen);
    const content = { ...request, latent: Array.from(request.latent), class: classes[request.label] };
    saveText(JSON.stringify(content), `${name()}-sample-${state.chosen + 1}.json`, "application/json");
  };
}

function onKey(event) {
  const inField = event.target.matches?.("input[type=number], select");
  if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
  const isRange = event.target.matches?.("input[type=range]");
  const inRow = kind === "image" ? getComputedStyle(element("grid")).gridTemplateColumns.split(" ").length : 1;
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -inRow, ArrowDown: inRow };
  const actions = { n: fresh, a: () => pin("a"), b: () => pin("b"), d: () => element("save").click(), r: reset, p: play };
  const action = actions[event.key.toLowerCase()];
  if (action) action();
  else if (event.key in moves && !isRange && (kind === "image" || event.target !== document.body || kind === "points")) {
    event.preventDefault();
    choose(state.chosen + moves[event.key]);
    tiles[state.chosen]?.parentElement.focus();
  }
}

