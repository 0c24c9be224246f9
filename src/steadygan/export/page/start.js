"use strict";
// The start: settings from the address, controls, then the engine.

window.addEventListener("hashchange", () => {
  recall();
  element("seed").value = state.seed;
  showOffsets();
  showLabel();
  showTruncation();
  showChosen();
  refresh();
});

function failed(error) {
  const status = element("status");
  status.hidden = false;
  status.classList.add("bad");
  status.textContent = `This browser cannot make samples: ${error.message || error}`;
}

async function start() {
  recall();
  makeControls();
  element("seed").value = state.seed;
  showOffsets();
  if (typeof DecompressionStream === "undefined" || typeof WebAssembly === "undefined") {
    throw new Error("it lacks WebAssembly or DecompressionStream, which browsers have since 2023");
  }
  engine = await Engine.started(RUNTIME, GENERATOR.onnx);
  queue = new Queue(engine, ["stage", "middle", "grid", "path", "ends", "check"], failed);
  element("status").hidden = true;
  showChosen();
  refresh();
}

start().catch(failed);
