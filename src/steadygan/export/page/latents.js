"use strict";
// Latents: the generator's input, drawn here from a seed, and what may be done to them.

/** `count` numbers in (0, 1), the same for the same seed and index: sfc32, a small counter-based generator. */
function uniforms(seed, index, count) {
  let a = 0x9e3779b9, b = seed >>> 0, c = index >>> 0, counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return Float64Array.from({ length: count }, () => (next() + 0.5) / 2 ** 32);
}

const QUANTILE = {
  a: [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239],
  b: [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1],
  c: [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783],
  d: [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1],
};

/** The number below which a standard normal one lies with probability p: Acklam's approximation, to 1e-8. */
function quantile(p) {
  const { a, b, c, d } = QUANTILE;
  const poly = (coefficients, x) => coefficients.reduce((sum, each) => sum * x + each, 0);
  if (p > 0.5) return -quantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return poly(c, q) / poly(d, q);
  }
  const q = p - 0.5;
  return (q * poly(a, q * q)) / poly(b, q * q);
}

/** The probability that a standard normal number lies within a threshold: the quantile's inverse, by halving. */
function shareWithin(threshold) {
  let [low, high] = [0, 1];
  for (let i = 0; i < 48; i++) {
    const middle = (low + high) / 2;
    if (quantile(0.5 + middle / 2) < threshold) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The threshold that latents of a normal prior lie within; Infinity for none. */
function thresholdOf(prior, truncation) {
  return Math.min(prior.threshold ?? Infinity, truncation ?? Infinity);
}

/** Latent number `index` of a seed, Float32Array [size]; `truncation` bounds each coordinate of a normal prior. */
function latentOf(prior, seed, index, truncation = null) {
  const drawn = uniforms(seed, index, prior.size);
  if (prior.kind === "uniform") return Float32Array.from(drawn, (u) => 2 * u - 1);
  if (prior.kind === "drawn") {
    const row = Math.floor(drawn[0] * (prior.bank.length / prior.size));
    return prior.bank.slice(row * prior.size, (row + 1) * prior.size);
  }
  const threshold = thresholdOf(prior, truncation);
  const share = threshold === Infinity ? 1 : shareWithin(threshold);
  return Float32Array.from(drawn, (u) => quantile(0.5 + (u - 0.5) * share));
}

/** The nearest latent that the prior can make. */
function intoSupport(prior, latent) {
  const bound = prior.kind === "uniform" ? 1 : prior.threshold ?? Infinity;
  return bound === Infinity ? latent : latent.map((x) => Math.min(bound, Math.max(-bound, x)));
}

/** The latent moved along directions [K][size], by offsets [K] in standard deviations of the prior. */
function moved(prior, latent, directions, offsets) {
  const result = Float32Array.from(latent);
  directions.forEach((direction, k) => {
    if (offsets[k]) for (let i = 0; i < result.length; i++) result[i] += offsets[k] * prior.deviation * direction[i];
  });
  return intoSupport(prior, result);
}

/** The latent a share t of the way from a to b: on an arc for normal priors (lengths stay typical), else straight. */
function between(prior, a, b, t) {
  const dot = (x, y) => x.reduce((sum, each, i) => sum + each * y[i], 0);
  const [p, q] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(a, b) / (p * q))));
  let [u, v] = [1 - t, t];
  if (prior.kind === "normal" && Math.sin(angle) > 1e-3) {
    const length = (1 - t) * p + t * q;
    u = (Math.sin((1 - t) * angle) / Math.sin(angle)) * (length / p);
    v = (Math.sin(t * angle) / Math.sin(angle)) * (length / q);
  }
  return intoSupport(prior, a.map((x, i) => u * x + v * b[i]));
}
