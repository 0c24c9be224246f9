"use strict";
// The engine: onnxruntime-web in a worker, and a queue of what the page wants to see.

/** Bytes of a base64 string that holds gzip. */
async function unpacked(text) {
  const packed = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function bytesOf(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);

/** What the worker does; `scope` is the worker, or a stand-in on the page's own thread. Knows nothing of the page. */
function work(scope) {
  let session;
  async function answer({ wasm, onnx, latents, labels, truncation, count }) {
    if (onnx) {
      const address = URL.createObjectURL(new Blob([wasm], { type: "application/wasm" }));
      ort.env.wasm.numThreads = 1;
      ort.env.wasm.wasmPaths = { "ort-wasm-simd.wasm": address, "ort-wasm.wasm": address };
      session = await ort.InferenceSession.create(onnx, { executionProviders: ["wasm"] });
      return { inputs: session.inputNames };
    }
    const inputs = { latents: new ort.Tensor("float32", latents, [count, latents.length / count]) };
    if (session.inputNames.includes("labels")) {
      inputs.labels = new ort.Tensor("int64", BigInt64Array.from(labels, BigInt), [count]);
    }
    if (session.inputNames.includes("truncation")) {
      inputs.truncation = new ort.Tensor("float32", [truncation ?? 1], []);
    }
    const made = (await session.run(inputs))[session.outputNames[0]];
    return { samples: made.type === "int64" ? Float32Array.from(made.data, Number) : Float32Array.from(made.data) };
  }
  scope.onmessage = async ({ data }) => {
    try {
      scope.postMessage({ id: data.id, ...(await answer(data)) });
    } catch (error) {
      scope.postMessage({ id: data.id, error: String(error?.message ?? error) });
    }
  };
}

class Engine {
  #waiting = new Map();
  #last = 0;

  /** An engine that is ready: in a worker, or without one where the browser allows none. */
  static async started(runtime, model) {
    const [wasm, onnx] = await Promise.all([unpacked(runtime.wasm), unpacked(model)]);
    const engine = new Engine();
    try {
      await engine.#inWorker(runtime.code, wasm, onnx);
    } catch {
      await engine.#onPage(runtime.code, wasm, onnx);
    }
    return engine;
  }

  /** Samples, Float32Array [n], of requests {latent, label, truncation} of one truncation. */
  async run(requests) {
    const size = requests[0].latent.length;
    const latents = new Float32Array(requests.length * size);
    requests.forEach((request, i) => latents.set(request.latent, i * size));
    const labels = requests.map((request) => request.label ?? 0);
    const message = { latents, labels, truncation: requests[0].truncation, count: requests.length };
    const { samples } = await this.#ask(message);
    const length = samples.length / requests.length;
    return requests.map((_, i) => samples.subarray(i * length, (i + 1) * length));
  }

  #ask(message) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.send({ id, ...message });
    });
  }

  #answered(data) {
    const { resolve, reject } = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data);
  }

  async #inWorker(code, wasm, onnx) {
    const source = new Blob([code, `\n(${work})(self);`], { type: "text/javascript" });
    const worker = new Worker(URL.createObjectURL(source));
    worker.onmessage = ({ data }) => this.#answered(data);
    worker.onerror = (event) => {
      this.#waiting.forEach(({ reject }) => reject(new Error(event.message)));
      this.#waiting.clear();
    };
    this.send = (message) => worker.postMessage(message);
    await this.#ask({ wasm, onnx });
  }

  async #onPage(code, wasm, onnx) {
    const script = document.createElement("script");
    script.src = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    await new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error("the runtime cannot be loaded"));
      document.head.append(script);
    });
    const scope = { postMessage: (data) => this.#answered(data) };
    work(scope);
    this.send = (data) => setTimeout(() => scope.onmessage({ data }));
    await this.#ask({ wasm, onnx });
  }
}

/** Requests by name, the most urgent name first; a new request takes the place of what is left of an older one. */
class Queue {
  #jobs = new Map();
  #busy = false;
  #perSample = 20;

  constructor(engine, order, failed) {
    Object.assign(this, { engine, order, failed });
  }

  /** Asks for samples; `each(sample, i)` gets them as they are made, `done()` is called after the last one. */
  ask(name, requests, each, done = () => {}) {
    this.#jobs.set(name, { requests, each, done, next: 0 });
    if (!this.#busy) this.#work();
  }

  async #work() {
    this.#busy = true;
    try {
      for (let name; (name = this.order.find((each) => this.#jobs.has(each))); ) await this.#step(name);
    } catch (error) {
      this.#jobs.clear();
      this.failed(error);
    }
    this.#busy = false;
  }

  /** One batch of a job: as many samples as take some 40 ms, so that what is more urgent need not wait. */
  async #step(name) {
    const job = this.#jobs.get(name);
    const count = Math.max(1, Math.min(512, Math.floor(40 / this.#perSample)));
    const coming = job.requests.slice(job.next, job.next + count);
    const others = coming.findIndex((request) => request.truncation !== coming[0].truncation);
    const batch = others < 0 ? coming : coming.slice(0, others); // of one truncation, which the model takes once
    if (batch.length) {
      const began = performance.now();
      const samples = await this.engine.run(batch);
      this.#perSample = (performance.now() - began) / batch.length;
      if (this.#jobs.get(name) !== job) return;
      samples.forEach((sample, i) => job.each(sample, job.next + i));
      job.next += batch.length;
    }
    if (job.next >= job.requests.length) {
      this.#jobs.delete(name);
      job.done();
    }
  }
}
