/**
 * Axolotl's autograd functions over projections: queries, keys and values of one input together, one projection alone, and a
 * gated MLP whole. Dropout runs before them, once for all that read one input.
 *
 * Source: axolotl 0.19 kernels/lora.py `LoRA_QKV`, `LoRA_O`, `LoRA_MLP`, kernels/swiglu.py.
 */

import { missing } from "../../../../problem/missing.js";
import type { BoundModule } from "../../../load/bound-module.js";
import type { Frame } from "../../../machine/frame.js";
import type { Machine } from "../../../machine/machine.js";
import { withAutocast } from "../../../machine/ops/cast.js";
import { dropout } from "../../../machine/ops/dropout.js";
import { mulScalar } from "../../../machine/ops/elementwise.js";
import { mm } from "../../../machine/ops/matmul.js";
import { reshape, view } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";
import {
  addInto,
  backwardProduct,
  forwardProduct,
  narrowedPair,
  pairGradients,
  pairOf,
  rowsOf,
  unpacked,
} from "./products.js";
import type { Pair } from "./products.js";

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
}

/** What a function reads: its input, and behind dropout what adapters read of it. */
interface Inputs {
  readonly x: Tensor;
  readonly dropped: Tensor | undefined;
}

function inputsOf(m: Machine, x: Tensor, { path, lora }: BoundModule): Inputs {
  const probability = lora?.settings.dropout ?? 0;
  if (probability === 0) return { x, dropped: undefined };
  const name = `${path}.lora_dropout.default`;
  return { x, dropped: m.call(name, [x], () => dropout(m, x, probability)) };
}

/** A backward runs under the autocast of its forward, and its variables end with it. */
function backwardOf(
  m: Machine,
  body: (call: Call, gradients: readonly Tensor[], saved: readonly Tensor[]) => readonly Tensor[],
) {
  const autocast = m.autocast.dtype;
  return (_: Tensor, saved: readonly Tensor[], all: readonly (Tensor | undefined)[]) =>
    withAutocast(m, autocast, () =>
      m.frame((frame) => {
        const gradients = all.map((each) => each ?? missing());
        return body({ m, frame }, gradients, saved);
      }),
    );
}

interface AutogradFunction {
  readonly name: string;
  readonly inputs: Inputs;
  readonly pairs: readonly Pair[];
  /** How many of what `forward` gives are outputs; what follows is kept for the backward alone. */
  readonly outputs: number;
  readonly forward: (call: Call, rows: Inputs) => readonly Tensor[];
  readonly backward: (call: Call, gradients: readonly Tensor[], kept: Kept) => readonly Tensor[];
}

/** What a backward finds: its inputs as rows, A and B narrowed, and what the forward kept beside them. */
interface Kept {
  readonly x: Tensor;
  readonly dropped: Tensor;
  readonly pairs: readonly Pair[];
  readonly more: readonly Tensor[];
  /** Of the input. */
  readonly shape: readonly number[];
  readonly hasDropped: boolean;
}

/** One autograd function: A and B are narrowed once more at the end of its forward, and kept so. */
function apply(m: Machine, given: AutogradFunction): readonly Tensor[] {
  const { inputs, pairs, outputs: count } = given;
  const { x, dropped } = inputs;
  const read = dropped === undefined ? [x] : [x, dropped];
  const node = m.track(given.name, [...read, ...pairs.flatMap(({ a, b }) => [a, b])]);
  const made = m.withoutGrad(() =>
    m.frame((frame) => {
      const rows = {
        x: frame.hold(rowsOf(m, x)),
        dropped: dropped && frame.hold(rowsOf(m, dropped)),
      };
      const results = given.forward({ m, frame }, rows).map((each) => frame.hold(each));
      const narrowed = pairs
        .map((pair) => narrowedPair(m, pair, x.dtype))
        .flatMap(({ a, b }) => [frame.hold(a), frame.hold(b)]);
      return [...results, ...narrowed];
    }),
  );
  const [results, kept] = [made.slice(0, count), made.slice(count)];
  if (node !== undefined) {
    for (const each of [x, dropped ?? x]) m.save(node, each);
    for (const each of kept) m.saveOutput(node, each);
    node.isPython = true;
    const { shape } = x;
    const more = kept.length - 2 * pairs.length;
    node.backward = backwardOf(m, (call, gradients, saved) => {
      const [first = missing(), second = missing(), ...rest] = saved;
      const { frame } = call;
      return given.backward(call, gradients, {
        x: frame.hold(rowsOf(m, first)),
        dropped: frame.hold(rowsOf(m, second)),
        pairs: pairsOf(rest.slice(more)),
        more: rest.slice(0, more),
        shape,
        hasDropped: dropped !== undefined,
      });
    });
  }
  for (const each of kept) m.consume(each);
  m.finish(node, results, read);
  return results;
}

/** Saved tensors of pairs, A before B. */
function pairsOf(saved: readonly Tensor[]): readonly Pair[] {
  return Array.from({ length: saved.length / 2 }, (_, index) => ({
    a: saved[2 * index] ?? missing(),
    b: saved[2 * index + 1] ?? missing(),
  }));
}

const at = <Value>(values: readonly Value[], index: number): Value => values[index] ?? missing();

/** Projections of one input, which share their autograd node: (b, s, in) → (b, s, out) each. */
export function projectTogether(
  m: Machine,
  modules: readonly BoundModule[],
  x: Tensor,
): readonly Tensor[] {
  return m.frame((outer) => {
    const inputs = inputsOf(m, x, at(modules, 0));
    if (inputs.dropped !== undefined) outer.hold(inputs.dropped);
    const pairs = modules.map(pairOf);
    return apply(m, {
      ...{ name: "LoRA_QKV", inputs, pairs, outputs: modules.length },
      forward: ({ frame }, rows) =>
        modules.map((module, index) =>
          frame.hold(
            view(m, forwardProduct(m, module, at(pairs, index), rows), [
              ...x.shape.slice(0, -1),
              -1,
            ]),
          ),
        ),
      backward: (call, gradients, kept) => gradientsTogether(call, modules, gradients, kept),
    });
  });
}

function gradientsTogether(
  { m, frame }: Call,
  modules: readonly BoundModule[],
  gradients: readonly Tensor[],
  { dropped, pairs, shape, hasDropped }: Kept,
): readonly Tensor[] {
  const rows = gradients.map((each) => frame.hold(reshape(m, each, [-1, each.size(-1)])));
  const found = rows.map((gradient, index) =>
    pairGradients(m, at(pairs, index), { x: dropped, gradient }).map((each) => frame.hold(each)),
  );
  let ofX: Tensor | undefined;
  modules.forEach((module, index) => {
    const matrix = frame.hold(unpacked(m, module));
    if (ofX === undefined) ofX = frame.hold(mm(m, at(rows, index), matrix));
    else addInto(m, ofX);
    frame.drop(matrix);
  });
  return [
    view(m, ofX ?? missing(), shape),
    ...(hasDropped ? [ofDroppedInput({ m, frame }, dropped, shape)] : []),
    ...found.flatMap(withoutLow),
  ];
}

/** What adapters give back to their input behind dropout, added up in zeros. */
function ofDroppedInput({ m, frame }: Call, dropped: Tensor, shape: Kept["shape"]): Tensor {
  return view(m, frame.hold(m.empty("zeros_like", dropped.shape, dropped.dtype)), shape);
}

function withoutLow(found: readonly Tensor[]): readonly Tensor[] {
  return found.slice(0, 2);
}

/** The projection behind attention: (b, s, in) → (b, s, out). */
export function projectAlone(m: Machine, module: BoundModule, x: Tensor): Tensor {
  return m.frame((outer) => {
    const inputs = inputsOf(m, x, module);
    if (inputs.dropped !== undefined) outer.hold(inputs.dropped);
    const pair = pairOf(module);
    const [output] = apply(m, {
      ...{ name: "LoRA_O", inputs, pairs: [pair], outputs: 1 },
      forward: (_, rows) => [
        view(m, forwardProduct(m, module, pair, rows), [...x.shape.slice(0, -1), -1]),
      ],
      backward: (call, gradients, kept) => gradientsAlone(call, module, at(gradients, 0), kept),
    });
    return output ?? missing();
  });
}

function gradientsAlone(
  { m, frame }: Call,
  module: BoundModule,
  given: Tensor,
  { dropped, pairs, shape, hasDropped }: Kept,
): readonly Tensor[] {
  const gradient = frame.hold(reshape(m, given, [-1, given.size(-1)]));
  const pair = at(pairs, 0);
  const found = pairGradients(m, pair, { x: dropped, gradient }).map((each) => frame.hold(each));
  const matrix = frame.hold(unpacked(m, module));
  const ofX = frame.hold(mm(m, gradient, matrix));
  frame.drop(matrix);
  if (!hasDropped) addInto(m, ofX);
  const ofDropped = hasDropped
    ? [view(m, frame.hold(mulScalar(m, mm(m, at(found, 2), pair.a))), shape)]
    : [];
  return [view(m, ofX, shape), ...ofDropped, ...withoutLow(found)];
}

/** The projections of a gated MLP. */
export interface GatedParts {
  readonly gate: BoundModule;
  readonly up: BoundModule;
  readonly down: BoundModule;
}

/** `down(act(gate(x)) * up(x))`: (b, s, hidden_size) → the same. */
export function fusedMlp(m: Machine, parts: GatedParts, x: Tensor): Tensor {
  return m.frame((outer) => {
    const inputs = inputsOf(m, x, parts.gate);
    if (inputs.dropped !== undefined) outer.hold(inputs.dropped);
    const pairs = [parts.gate, parts.up, parts.down].map(pairOf);
    const [output] = apply(m, {
      ...{ name: "LoRA_MLP", inputs, pairs, outputs: 1 },
      forward: ({ frame }, rows) => {
        const gate = frame.hold(forwardProduct(m, parts.gate, at(pairs, 0), rows));
        const up = frame.hold(forwardProduct(m, parts.up, at(pairs, 1), rows));
        const hidden = frame.hold(m.empty("swiglu_fwd", gate.shape, gate.dtype));
        const down = forwardProduct(m, parts.down, at(pairs, 2), { x: hidden });
        return [view(m, down, x.shape), gate, up];
      },
      backward: (call, gradients, kept) => gradientsOfMlp(call, parts, at(gradients, 0), kept),
    });
    return output ?? missing();
  });
}

function gradientsOfMlp(
  { m, frame }: Call,
  { up, gate, down }: GatedParts,
  given: Tensor,
  { dropped, pairs, more, shape, hasDropped }: Kept,
): readonly Tensor[] {
  const gradient = frame.hold(view(m, given, [-1, given.size(-1)]));
  const [ofGate, ofUp] = [at(more, 0), at(more, 1)];
  const [gatePair, upPair, downPair] = [at(pairs, 0), at(pairs, 1), at(pairs, 2)];
  // The kernel writes the product, and the gradients of gate and up, where these three lie.
  const product = frame.hold(backwardProduct(m, down, downPair, gradient));
  const of = (pair: Pair, x: Tensor, arrived: Tensor): readonly Tensor[] =>
    pairGradients(m, pair, { x, gradient: arrived }).map((each) => frame.hold(each));
  const ofDown = of(downPair, product, gradient);
  const ofUps = of(upPair, dropped, ofUp);
  const ofGates = of(gatePair, dropped, ofGate);
  const upMatrix = frame.hold(unpacked(m, up));
  const ofX = frame.hold(mm(m, ofUp, upMatrix));
  frame.drop(upMatrix);
  const gateMatrix = frame.hold(unpacked(m, gate));
  addInto(m, ofX);
  frame.drop(gateMatrix);
  return [
    view(m, ofX, shape),
    ...(hasDropped ? [ofDroppedInput({ m, frame }, dropped, shape)] : []),
    ...[ofGates, ofUps, ofDown].flatMap(withoutLow),
  ];
}
