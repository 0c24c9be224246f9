"use strict";
// Samples on canvases, as text, and as files.

/** Draws a picture, numbers [C, H, W] from 0 to 255, at its own size; C is grey, grey and alpha, RGB or RGBA. */
function drawPicture(canvas, sample, [channels, height, width]) {
  const area = height * width;
  const image = new ImageData(width, height);
  const [red, green, blue] = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  for (let i = 0; i < area; i++) {
    image.data[4 * i] = sample[red * area + i];
    image.data[4 * i + 1] = sample[green * area + i];
    image.data[4 * i + 2] = sample[blue * area + i];
    image.data[4 * i + 3] = channels % 2 ? 255 : sample[(channels - 1) * area + i];
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The line of ids [L], without padding at its end. */
function lineOf(sample, { characters, padding }) {
  const ids = Array.from(sample);
  while (ids.length && ids.at(-1) === padding) ids.pop();
  return ids.map((id) => characters[id]).join("");
}

/** Numbers at which an axis from low to high is marked: about five, 1, 2 or 5 times a power of ten apart. */
function marksOf(low, high) {
  const raw = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw);
  const marks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) marks.push(Number((k * step).toPrecision(6)));
  return marks;
}

/** A scatter of points in data units, with axes; tells which point is under the pointer. */
class Scatter {
  constructor(canvas, [low, high]) {
    Object.assign(this, { canvas, low, high });
  }

  #place(x, y) {
    const { left, bottom, side } = this;
    const share = (value, axis) => (value - this.low[axis]) / (this.high[axis] - this.low[axis]);
    return [left + share(x, 0) * side, bottom - share(y, 1) * side];
  }

  /** Draws points [n][2], a path, and marked points [{point, name}]. */
  draw(points, path, marked) {
    const style = getComputedStyle(this.canvas);
    const colour = (name) => style.getPropertyValue(name);
    const width = this.canvas.clientWidth || 400;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    const side = width - 46, height = side + 32;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this, { left: 42, bottom: side + 4, side, points });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = colour("--card");
    context.fillRect(0, 0, width, height);
    this.#axes(context, colour);
    context.save();
    context.beginPath();
    context.rect(this.left, this.bottom - this.side, this.side, this.side);
    context.clip();
    context.fillStyle = colour("--accent");
    context.globalAlpha = 0.55;
    const radius = width < 420 ? 1.4 : 1.8;
    for (const point of points) {
      if (!point) continue;
      const [x, y] = this.#place(...point);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    this.#path(context, path, colour("--warm"));
    for (const mark of marked) this.#mark(context, mark, colour);
    context.restore();
  }

  #axes(context, colour) {
    context.font = "12px system-ui, sans-serif";
    context.lineWidth = 1;
    const top = this.bottom - this.side, right = this.left + this.side;
    for (const axis of [0, 1]) {
      for (const value of marksOf(this.low[axis], this.high[axis])) {
        const [x, y] = axis ? this.#place(this.low[0], value) : this.#place(value, this.low[1]);
        context.strokeStyle = colour("--grid");
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(axis ? right : x, axis ? y : top);
        context.stroke();
        context.fillStyle = colour("--soft");
        context.textAlign = axis ? "right" : "center";
        context.textBaseline = axis ? "middle" : "top";
        context.fillText(String(value).replace("-", "−"), axis ? x - 7 : x, axis ? y : y + 8);
      }
    }
    context.strokeStyle = colour("--line");
    context.strokeRect(this.left, top, this.side, this.side);
  }

  #path(context, path, colour) {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.beginPath();
    path.forEach((point, i) => context[i ? "lineTo" : "moveTo"](...this.#place(...point)));
    context.stroke();
  }

  #mark(context, { point, name }, colour) {
    const [x, y] = this.#place(...point);
    context.beginPath();
    context.arc(x, y, name ? 9 : 6, 0, 2 * Math.PI);
    context.fillStyle = name ? colour("--warm") : colour("--ink");
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = colour("--card");
    context.stroke();
    context.fillStyle = colour("--card");
    context.font = "bold 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(name, x, y + 0.5);
  }

  /** The index of the point nearest to a place of the canvas, in its own pixels. */
  nearest(x, y) {
    let [best, least] = [0, Infinity];
    this.points.forEach((point, i) => {
      if (!point) return;
      const [px, py] = this.#place(...point);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }
}

/** One canvas of several pictures in rows, each pixel enlarged to a square so that a side has 512 px or more. */
function sheetOf(canvases, columns, gap) {
  const { width, height } = canvases[0];
  const rows = Math.ceil(canvases.length / columns);
  const factor = Math.max(1, Math.ceil(512 / Math.min(columns * width, rows * height)));
  const size = (count, side) => count * side * factor + (count - 1) * gap;
  const sheet = document.createElement("canvas");
  Object.assign(sheet, { width: size(columns, width), height: size(rows, height) });
  const context = sheet.getContext("2d");
  context.imageSmoothingEnabled = false;
  canvases.forEach((canvas, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const x = column * (width * factor + gap), y = row * (height * factor + gap);
    context.drawImage(canvas, x, y, width * factor, height * factor);
  });
  return sheet;
}

/** Lets the browser save a blob under a name. */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const savePicture = (canvas, name) => canvas.toBlob((blob) => save(blob, name), "image/png");
const saveText = (text, name, type = "text/plain") => save(new Blob([text], { type }), name);
