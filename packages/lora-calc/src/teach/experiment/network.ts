/** A small network of linear layers with tanh between them, its loss and its gradients: what frameworks do, in the open. */

import { addScaled, multiply, scale, sumOfSquares, transpose } from "../algebra/matrix.js";
import type { Matrix } from "../algebra/matrix.js";
import { missing } from "../../problem/missing.js";

interface Adapter {
  /** (rank, in). */
  readonly a: Matrix;
  /** (out, rank). */
  readonly b: Matrix;
  readonly scaling: number;
}

/** Computes W·x, or W·x + scaling · B·(A·x) with W frozen. */
export interface Layer {
  /** (out, in). */
  readonly weight: Matrix;
  readonly adapter?: Adapter;
}

/** Inputs (samples, in) and the outputs (samples, out) that are wanted. */
export interface Examples {
  readonly inputs: Matrix;
  readonly outputs: Matrix;
}

/** What of a layer is trained: its weight, or only A and B. */
export function trainableOf({ weight, adapter }: Layer): readonly Matrix[] {
  return adapter === undefined ? [weight] : [adapter.a, adapter.b];
}

/** The layer with its trainable matrices replaced, in the order of `trainableOf`. */
export function withTrainable(layer: Layer, [first, second]: readonly Matrix[]): Layer {
  const { adapter } = layer;
  if (adapter === undefined) return { weight: first ?? layer.weight };
  return { ...layer, adapter: { ...adapter, a: first ?? adapter.a, b: second ?? adapter.b } };
}

/** One matrix that does the same: W + scaling · B·A. */
export function mergedWeight({ weight, adapter }: Layer): Matrix {
  if (adapter === undefined) return weight;
  return addScaled(weight, multiply(adapter.b, adapter.a), adapter.scaling);
}

/** Outputs of the network. */
export function predict(layers: readonly Layer[], inputs: Matrix): Matrix {
  return runForward(layers, inputs).at(-1) ?? inputs;
}

/** Mean squared error over all outputs. */
export function lossOf(layers: readonly Layer[], { inputs, outputs }: Examples): number {
  const difference = addScaled(predict(layers, inputs), outputs, -1);
  return sumOfSquares(difference) / difference.values.length;
}

export interface Gradients {
  readonly loss: number;
  /** Per layer, in the order of `trainableOf`. */
  readonly layers: readonly (readonly Matrix[])[];
}

/**
 * Loss and the gradient of everything trainable, by the chain rule from the last layer to the first.
 *
 * With δ the gradient at a layer's output: ∂W = δᵀ·x; ∂B = s·δᵀ·(x·Aᵀ); ∂A = s·(δ·B)ᵀ·x. The frozen W gets none, yet δ
 * still flows through it to the layers before.
 */
export function gradientsOf(layers: readonly Layer[], examples: Examples): Gradients {
  const signals = runForward(layers, examples.inputs);
  const difference = addScaled(signals.at(-1) ?? examples.inputs, examples.outputs, -1);
  const size = difference.values.length;
  let arriving = scale(difference, 2 / size);
  const gradients: (readonly Matrix[])[] = [];
  for (const [depth, layer] of [...layers.entries()].reverse()) {
    const input = signals[depth] ?? examples.inputs;
    gradients.unshift(layerGradients(layer, input, arriving));
    if (depth > 0) arriving = throughTanh(multiply(arriving, mergedWeight(layer)), input);
  }
  return { loss: sumOfSquares(difference) / size, layers: gradients };
}

/** Input of every layer and, last, the output of the network. */
function runForward(layers: readonly Layer[], inputs: Matrix): readonly Matrix[] {
  const signals = [inputs];
  for (const [depth, layer] of layers.entries()) {
    const output = runLayer(layer, signals[depth] ?? inputs);
    const isLast = depth === layers.length - 1;
    signals.push(isLast ? output : { ...output, values: output.values.map(Math.tanh) });
  }
  return signals;
}

function runLayer({ weight, adapter }: Layer, inputs: Matrix): Matrix {
  const base = multiply(inputs, transpose(weight));
  if (adapter === undefined) return base;
  const update = multiply(multiply(inputs, transpose(adapter.a)), transpose(adapter.b));
  return addScaled(base, update, adapter.scaling);
}

function layerGradients({ adapter }: Layer, input: Matrix, arriving: Matrix): readonly Matrix[] {
  const back = transpose(arriving);
  if (adapter === undefined) return [multiply(back, input)];
  const { a, b, scaling } = adapter;
  return [
    scale(multiply(transpose(multiply(arriving, b)), input), scaling),
    scale(multiply(back, multiply(input, transpose(a))), scaling),
  ];
}

/** Gradient before tanh, from the one behind it: tanh′ = 1 − tanh². */
function throughTanh(gradient: Matrix, { values: activated }: Matrix): Matrix {
  const slope = (at: number): number => 1 - (activated[at] ?? missing()) ** 2;
  return { ...gradient, values: gradient.values.map((value, at) => value * slope(at)) };
}
