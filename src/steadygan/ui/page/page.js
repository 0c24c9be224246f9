"use strict";
/* The token comes behind '#', which no server is sent, and leaves the address at once. It stays in this tab's session. */
const token = (() => {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem("token");
})();
const by = id => document.getElementById(id);

/* Tabs of one browser do not share a session: a tab asks the others, which are of the same origin. */
const others = "BroadcastChannel" in window ? new BroadcastChannel("steadygan") : null;

/* --- what is done --- */
function say(text, wrong = false) {
  const said = by("said");
  said.textContent = text;
  said.classList.toggle("error", wrong);
  said.hidden = false;
}

async function act(button) {
  if (button.dataset.sure && !button.classList.contains("sure")) {
    const before = button.textContent;
    button.textContent = button.dataset.sure;
    button.classList.add("sure");
    setTimeout(() => { if (button.isConnected) { button.textContent = before; button.classList.remove("sure"); } }, 4000);
    return;
  }
  button.disabled = true;
  const key = button.dataset.run.split("/").map(encodeURIComponent).join("/");
  try {
    const answer = await fetch(`/${button.dataset.act}/${key}`, { method: "POST", headers: { "X-Steadygan-Token": sessionStorage.getItem("token") ?? "" } });
    const text = await answer.text();
    let found = {};
    try { found = JSON.parse(text); } catch { found = { error: text.trim() }; }
    say(found.said ?? found.error, !answer.ok);
    if (!answer.ok && button.isConnected) reset(button);
  } catch {
    say("The page's server does not answer: was it ended?", true);
    if (button.isConnected) reset(button);
  }
}

function reset(button) {
  button.disabled = false;
  button.classList.remove("sure");
  button.textContent = button.dataset.act === "stop" ? "Stop and save" : "Resume";
}

function settle(root = document) {
  /* What a page shows beyond the parts that the server sends. */
  const mayWrite = sessionStorage.getItem("token") !== null;
  root.querySelectorAll("[data-act]").forEach(button => {
    button.disabled = !mayWrite;
    button.title = mayWrite ? "" : "Open the link that 'steadygan ui' printed: it has the token that this needs";
  });
  root.querySelectorAll("[data-needs]").forEach(line => { line.hidden = mayWrite; });
  root.querySelectorAll("[data-choose]").forEach(box => {
    box.checked = chosen.has(box.dataset.choose);
    box.closest("tr").classList.toggle("picked", box.checked);
  });
  root.querySelectorAll("img.sample").forEach(image => {
    const size = () => image.classList.toggle("pixels", image.naturalWidth > 0 && image.naturalWidth < 400);
    image.complete ? size() : image.addEventListener("load", size, { once: true });
  });
  root.querySelectorAll(".time").forEach(follow);
  root.querySelectorAll("svg.chart[data-x]").forEach(readable);
  ages(root);
}

/* --- ages --- */
function ages(root = document) {
  root.querySelectorAll("time[data-at]").forEach(time => {
    const at = Number(time.dataset.at), passed = Math.max(0, Date.now() / 1000 - at);
    const [length, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([each]) => passed >= (each === 1 ? 0 : 2 * each));
    time.textContent = at ? `${Math.floor(passed / length)} ${unit} ago` : "";
    if (at) { time.dateTime = new Date(at * 1000).toISOString(); time.title = new Date(at * 1000).toLocaleString(); }
  });
}

/* --- choosing and filtering runs --- */
const chosen = new Set(JSON.parse(sessionStorage.getItem("chosen") ?? "[]"));
const MOST = 8;

function showChosen() {
  if (!by("chosen")) return;
  const there = new Set([...document.querySelectorAll("[data-choose]")].map(box => box.dataset.choose));
  chosen.forEach(key => { if (!there.has(key)) chosen.delete(key); });
  sessionStorage.setItem("chosen", JSON.stringify([...chosen]));
  by("chosen").hidden = chosen.size === 0;
  const enough = chosen.size >= 2 && chosen.size <= MOST;
  by("chosen-text").textContent = chosen.size < 2 ? "1 run chosen: choose another" : chosen.size > MOST ? `${chosen.size} runs chosen: at most ${MOST}` : `${chosen.size} runs chosen`;
  by("compare").hidden = !enough;
  by("compare").href = "/compare?" + [...chosen].map(key => "run=" + encodeURIComponent(key)).join("&");
}

function filter() {
  const find = by("find");
  if (!find) return;
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...document.querySelectorAll(".runs tbody tr")];
  let shown = 0;
  rows.forEach(row => {
    const text = row.textContent.toLowerCase(), fits = words.every(word => text.includes(word));
    row.classList.toggle("left-out", !fits);
    shown += fits;
  });
  by("shown").textContent = words.length ? `${shown} of ${rows.length} shown` : "";
}

/* --- pictures over the rounds --- */
function follow(box) {
  const rounds = box.dataset.rounds.split(" "), slide = box.querySelector(".slide"), play = box.querySelector(".play");
  const image = box.querySelector("img"), when = box.querySelector(".when");
  let timer = 0;
  const show = index => {
    const round = Number(rounds[index]).toLocaleString("en");
    image.src = `/picture/${rounds[index]}/${box.dataset.address}`;
    image.alt = `Samples of round ${round}`;
    when.textContent = `Round ${round}`;
    slide.setAttribute("aria-valuetext", `round ${round}`);
  };
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "Play"; };
  slide.addEventListener("input", () => { stop(); show(Number(slide.value)); });
  play.addEventListener("click", () => {
    if (timer) return stop();
    play.textContent = "Pause";
    if (slide.value === slide.max) slide.value = 0;
    timer = setInterval(() => {
      if (!box.isConnected || slide.value === slide.max) return stop();
      slide.value = Number(slide.value) + 1;
      show(Number(slide.value));
    }, 250);
  });
  const kept = kept_slides.get(box.dataset.address);
  if (kept !== undefined && rounds.includes(kept)) { slide.value = rounds.indexOf(kept); show(rounds.indexOf(kept)); }
  slide.addEventListener("input", () => kept_slides.set(box.dataset.address, rounds[Number(slide.value)]));
}
const kept_slides = new Map();

/* --- values under the pointer, in all charts at once --- */
function scale(text) {
  const [low, high, start, end, log] = text.split(" ").map(Number), f = log ? Math.log10 : v => v;
  return {
    at: v => start + (f(v) - f(low)) / (f(high) - f(low)) * (end - start),
    back: p => { const v = f(low) + (p - start) / (end - start) * (f(high) - f(low)); return log ? 10 ** v : v; },
    inside: v => v >= low && v <= high, start, end };
}
const written = v => v === 0 ? "0" : Math.abs(v) < 1e-3 || Math.abs(v) >= 1e6 ? v.toExponential(1) : String(+v.toPrecision(3));

function point(round) {
  document.querySelectorAll("svg.chart[data-x]").forEach(svg => {
    const readout = svg.parentElement.querySelector(".readout");
    if (!readout) return;
    readout.dataset.still ??= readout.textContent;
    const x = scale(svg.dataset.x), y = scale(svg.dataset.y), shown = round !== null && x.inside(round);
    const p = shown ? x.at(round) : 0;
    svg.querySelector(".cursor")?.setAttribute("d", shown ? `M${p} ${y.start}V${y.end}` : "");
    readout.textContent = !shown ? readout.dataset.still : `round ${Math.round(round).toLocaleString("en")}: ` +
      [...svg.querySelectorAll("path[data-name]")].map(path => {
        const points = [...path.getAttribute("d").matchAll(/[ML](\S+?) ([-\d.]+)/g)].map(found => [+found[1], +found[2]]);
        const near = points.reduce((a, b) => Math.abs(b[0] - p) < Math.abs(a[0] - p) ? b : a);
        return `${path.dataset.name} ${written(y.back(near[1]))}`;
      }).join(", ");
  });
}

function readable(svg) {
  const cursor = document.createElementNS(svg.namespaceURI, "path");
  cursor.setAttribute("class", "cursor");
  svg.append(cursor);
  svg.addEventListener("pointermove", event => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    point(scale(svg.dataset.x).back(place.x));
  });
  svg.addEventListener("pointerleave", () => point(null));
}

/* --- what the server sends --- */
let events = null;
function connect() {
  const address = document.body.dataset.events;
  if (!address || events || document.hidden) return;
  const state = by("connection");
  events = new EventSource(address);
  events.onopen = () => { state.textContent = "live"; state.className = "connection on"; };
  events.onerror = () => { state.textContent = "no connection"; state.className = "connection off"; if (events.readyState === 2) { events = null; setTimeout(connect, 5000); } };
  events.addEventListener("parts", event => take(JSON.parse(event.data)));
  events.addEventListener("gone", () => { state.textContent = "this run is gone"; state.className = "connection off"; events.close(); });
}
function take(parts) {
  const focus = document.activeElement?.dataset.focus;
  const places = new Map([...document.querySelectorAll("[data-part]")].map(place => [place.dataset.part, place]));
  for (const [name, html] of Object.entries(parts)) {
    let place = places.get(name);
    if (!place?.isConnected) place = document.querySelector(`[data-part="${CSS.escape(name)}"]`);
    if (!place || place.shown === html) continue;
    const open = [...place.querySelectorAll("details[open] > summary")].map(each => each.textContent);
    place.innerHTML = html;
    place.shown = html;
    place.querySelectorAll("summary").forEach(each => { if (open.includes(each.textContent)) each.parentElement.open = true; });
    settle(place);
  }
  if (focus && document.activeElement?.dataset.focus !== focus) document.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  showChosen();
  filter();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return connect();
  events?.close();  // a browser has six connections to a server: hidden tabs leave theirs
  events = null;
});
document.addEventListener("click", event => {
  const button = event.target.closest?.("[data-act]");
  if (button) act(button);
});
document.addEventListener("change", event => {
  const key = event.target.dataset?.choose;
  if (key !== undefined) {
    event.target.checked ? chosen.add(key) : chosen.delete(key);
    event.target.closest("tr").classList.toggle("picked", event.target.checked);
    showChosen();
  }
  if (event.target.id === "all") document.querySelector(".settings").classList.toggle("all", event.target.checked);
});
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const writes = /^(INPUT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  if (event.key === "Escape" && event.target.id === "find") { event.target.value = ""; filter(); event.target.blur(); }
  if (writes) return;
  if (event.key === "/" && by("find")) { event.preventDefault(); by("find").focus(); }
  if (event.key === "c" && by("compare") && !by("compare").hidden) by("compare").click();
});
by("find")?.addEventListener("input", filter);
by("clear")?.addEventListener("click", () => { chosen.clear(); settle(); showChosen(); });
others?.addEventListener("message", ({ data }) => {
  if (data === "ask" && sessionStorage.getItem("token")) others.postMessage({ token: sessionStorage.getItem("token") });
  else if (data?.token && !sessionStorage.getItem("token")) { sessionStorage.setItem("token", data.token); settle(); }
});
if (!token) others?.postMessage("ask");
settle();
showChosen();
setInterval(() => ages(), 10000);
connect();
