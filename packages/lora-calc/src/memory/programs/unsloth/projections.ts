/**
 * Unsloth's autograd functions over projections: queries, keys and values of one input together, one projection alone, and
 * a gated MLP whole.
 *
 * Source: unsloth kernels/fast_lora.py `LoRA_QKV`, `LoRA_W`, `LoRA_MLP`.
 */

import { missing } from "../../../problem/missing.js";
import type { BoundModule } from "../../load/bound-module.js";
import { withAutocast } from "../../machine/ops/cast.js";
import { cast } from "../../machine/ops/cast.js";
import { mm } from "../../machine/ops/matmul.js";
import { reshape, view } from "../../machine/ops/views.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import {
  addLowRank,
  into,
  pairGradients,
  pairOf,
  productOf,
  rowsOf,
  unpacked,
} from "./products.js";
import type { Pair } from "./products.js";
import type { UnslothRun } from "./run.js";

interface Backward {
  readonly m: Machine;
  readonly run: UnslothRun;
  readonly frame: Frame;
}

/** Saved tensors of pairs, A before B. */
function pairsOf(saved: readonly Tensor[]): readonly Pair[] {
  return Array.from({ length: saved.length / 2 }, (_, index) => ({
    a: saved[2 * index] ?? missing(),
    b: saved[2 * index + 1] ?? missing(),
  }));
}

/** From 2025.3 on A and B of all projections are turned to 16 bits before anything else. */
function narrowed(
  { m, run, frame }: Backward,
  pairs: readonly Pair[],
  { dtype }: Tensor,
): readonly Pair[] {
  if (!run.use.rules.loraInPlace) return pairs;
  return pairs.map(({ a, b }) => ({
    a: frame.hold(cast(m, a, dtype)),
    b: frame.hold(cast(m, b, dtype)),
  }));
}

/** A backward runs under the autocast of its forward, and its variables end with it. */
function backwardOf(
  m: Machine,
  run: UnslothRun,
  body: (
    call: Backward,
    gradients: readonly Tensor[],
    saved: readonly Tensor[],
  ) => readonly Tensor[],
) {
  const autocast = m.autocast.dtype;
  return (_: Tensor, saved: readonly Tensor[], all: readonly (Tensor | undefined)[]) =>
    withAutocast(m, autocast, () =>
      m.frame((frame) =>
        body(
          { m, run, frame },
          all.map((each) => each ?? missing()),
          saved,
        ),
      ),
    );
}

/** Projections of one input, which share their autograd node: (b, s, in) → (b, s, out) each. */
export function projectTogether(
  m: Machine,
  run: UnslothRun,
  x: Tensor,
  modules: readonly BoundModule[],
): readonly Tensor[] {
  const pairs = modules.map(pairOf);
  const inputs = [x, ...pairs.flatMap(({ a, b }) => [a, b])];
  const node = m.track("LoRA_QKV", inputs);
  const outputs = m.withoutGrad(() =>
    m.frame((frame) => {
      const rows = frame.hold(rowsOf(m, x));
      return modules.map((module, index) => {
        const made = frame.hold(productOf(m, run, rows, { module, pair: pairs[index] }));
        return frame.hold(view(m, made, [...x.shape.slice(0, -1), -1]));
      });
    }),
  );
  if (node !== undefined) {
    for (const each of inputs) m.save(node, each);
    node.isPython = true;
    node.backward = backwardOf(m, run, (call, gradients, [kept = missing(), ...saved]) =>
      gradientsTogether(call, { modules, gradients, kept }, pairsOf(saved)),
    );
  }
  m.finish(node, outputs, [x]);
  return outputs;
}

interface Together {
  readonly modules: readonly BoundModule[];
  readonly gradients: readonly Tensor[];
  readonly kept: Tensor;
}

function gradientsTogether(
  call: Backward,
  { modules, gradients, kept }: Together,
  given: readonly Pair[],
): readonly Tensor[] {
  const { m, run, frame } = call;
  const rows = gradients.map((each) => frame.hold(reshape(m, each, [-1, each.size(-1)])));
  const x = frame.hold(rowsOf(m, kept));
  const pairs = narrowed(call, given, x);
  const found = rows.map((gradient, index) =>
    pairGradients(m, run, { x, gradient }, pairs[index] ?? missing()).map((each) =>
      frame.hold(each),
    ),
  );
  const ofX = frame.hold(m.alias(kept));
  modules.forEach((module, index) => {
    const gradient = rows[index] ?? missing();
    addBase(call, { target: ofX, gradient, module, isFirst: index === 0 });
    addLowRank(m, run, { target: ofX, gradient }, pairs[index] ?? missing());
  });
  return [ofX, ...found.flat()];
}

interface BaseTerm {
  readonly target: Tensor;
  readonly gradient: Tensor;
  readonly module: BoundModule;
  /** The first product is written where the input lies; others are added to it. */
  readonly isFirst: boolean;
}

/** `target (+)= gradient @ W`, with W unpacked anew; until 2025.2 what is added is a tensor of its own first. */
function addBase({ m, run }: Backward, { target, gradient, module, isFirst }: BaseTerm): void {
  m.frame((frame) => {
    const matrix = frame.hold(unpacked(m, module));
    if (isFirst || run.use.rules.loraInPlace) into(m, target, []);
    else into(m, target, [mm(m, gradient, matrix)]);
    return [];
  });
}

/** One projection: (b, s, in) → (b, s, out). */
export function project(m: Machine, run: UnslothRun, x: Tensor, module: BoundModule): Tensor {
  const pair = pairOf(module);
  const node = m.track("LoRA_W", [x, pair.a, pair.b]);
  const output = m.withoutGrad(() =>
    m.frame((frame) => {
      const made = frame.hold(productOf(m, run, frame.hold(rowsOf(m, x)), { module, pair }));
      return view(m, made, [...x.shape.slice(0, -1), -1]);
    }),
  );
  if (node !== undefined) {
    for (const each of [pair.a, pair.b, x]) m.save(node, each);
    node.isPython = true;
    node.backward = backwardOf(m, run, (call, [given = missing()], saved) => {
      const { frame } = call;
      const kept = saved[2] ?? missing();
      const gradient = frame.hold(reshape(m, given, [-1, given.size(-1)]));
      const rows = frame.hold(reshape(m, kept, [-1, kept.size(-1)]));
      const [narrow = missing()] = narrowed(call, pairsOf(saved.slice(0, 2)), rows);
      const found = pairGradients(m, run, { x: rows, gradient }, narrow).map((each) =>
        frame.hold(each),
      );
      const matrix = frame.hold(unpacked(m, module));
      const ofX = frame.hold(mm(m, gradient, matrix));
      frame.drop(matrix);
      addLowRank(m, run, { target: ofX, gradient }, narrow);
      return [view(m, ofX, kept.shape), ...found];
    });
  }
  m.finish(node, [output], [x]);
  return output;
}

/** Names of the three projections of a gated MLP. */
export interface GatedParts {
  readonly gate: BoundModule;
  readonly up: BoundModule;
  readonly down: BoundModule;
}

/** `down(act(gate(x)) * up(x))`: (b, s, hidden_size) → the same. */
export function gatedMlp(m: Machine, run: UnslothRun, x: Tensor, parts: GatedParts): Tensor {
  const modules = [parts.gate, parts.up, parts.down];
  const pairs = modules.map(pairOf);
  const flat = pairs.flatMap(({ a, b }) => [a, b]);
  const node = m.track("LoRA_MLP", [x, ...flat]);
  const [output = missing(), gate = missing(), up = missing()] = m.withoutGrad(() =>
    m.frame((frame) => {
      const rows = frame.hold(rowsOf(m, x));
      const of = (input: Tensor, index: number): Tensor =>
        frame.hold(
          productOf(m, run, input, { module: modules[index] ?? missing(), pair: pairs[index] }),
        );
      const [opened, other] = [of(rows, 0), of(rows, 1)];
      const product = frame.hold(m.empty("empty_like", opened.shape, opened.dtype));
      return [view(m, of(product, 2), x.shape), opened, other];
    }),
  );
  if (node !== undefined) {
    for (const each of [...flat, x, gate, up]) m.save(node, each);
    node.isPython = true;
    node.backward = backwardOf(m, run, (call, [given = missing()], saved) =>
      gradientsOfMlp(call, given, { saved, parts }),
    );
  }
  m.finish(node, [output], [x]);
  for (const each of [gate, up]) m.consume(each);
  return output;
}

interface KeptOfMlp {
  readonly saved: readonly Tensor[];
  readonly parts: GatedParts;
}

function gradientsOfMlp(
  call: Backward,
  given: Tensor,
  { saved, parts }: KeptOfMlp,
): readonly Tensor[] {
  const { m, run, frame } = call;
  const [kept = missing(), gateOut = missing(), upOut = missing()] = saved.slice(6);
  const gradient = frame.hold(reshape(m, given, [-1, given.size(-1)]));
  const x = frame.hold(rowsOf(m, kept));
  const [gate = missing(), up = missing(), down = missing()] = narrowed(
    call,
    pairsOf(saved.slice(0, 6)),
    x,
  );
  const ofProduct = frame.hold(
    productOf(m, run, gradient, { module: parts.down, pair: down, isTransposed: true }),
  );
  // The kernel writes the product, and the gradients of up and gate, where these three lie.
  const of = (pair: Pair, input: Tensor, arrived: Tensor): readonly Tensor[] =>
    pairGradients(m, run, { x: input, gradient: arrived }, pair).map((each) => frame.hold(each));
  const ofDown = of(down, ofProduct, gradient);
  const ofUp = of(up, x, gateOut);
  const ofGate = of(gate, x, upOut);
  const ofX = frame.hold(m.alias(kept));
  addBase(call, { target: ofX, gradient: gateOut, module: parts.up, isFirst: true });
  addLowRank(m, run, { target: ofX, gradient: gateOut }, up);
  addBase(call, { target: ofX, gradient: upOut, module: parts.gate, isFirst: false });
  addLowRank(m, run, { target: ofX, gradient: upOut }, gate);
  return [ofX, ...ofGate, ...ofUp, ...ofDown];
}
