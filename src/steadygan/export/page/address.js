"use strict";
// The address keeps the settings, so that a link shows the same samples

function remember() {
  const settings = new URLSearchParams({ seed: state.seed, sample: state.chosen + 1 });
  if (state.label !== null) settings.set("class", state.label);
  if (state.truncation !== null) settings.set("truncation", state.truncation);
  if (state.offsets.some(Boolean)) settings.set("directions", state.offsets.join(","));
  try {
    history.replaceState(null, "", `#${settings}`);
  } catch {
    // some browsers refuse it for files, and others when it happens often: the page goes on without
  }
}

function recall() {
  const settings = new URLSearchParams(location.hash.slice(1));
  const number = (name, low, high) => {
    const value = Number(settings.get(name) ?? NaN);
    return value >= low && value <= high ? value : null;
  };
  state.seed = Math.floor(number("seed", 0, 2 ** 32 - 1) ?? 1);
  state.chosen = Math.floor(number("sample", 1, layout.count) ?? 1) - 1;
  const label = number("class", 0, classes.length - 1);
  state.label = label === null ? null : Math.floor(label);
  if (GENERATOR.truncation) state.truncation = number("truncation", 0, 3);
  const offsets = (settings.get("directions") ?? "").split(",").map(Number);
  state.offsets = state.offsets.map((_, k) => (Math.abs(offsets[k]) <= REACH ? offsets[k] : 0));
}

