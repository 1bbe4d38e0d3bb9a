/**
 * Gradient checkpointing: forward keeps the inputs only; backward runs the forward again for what it needs.
 *
 * Source: torch/utils/checkpoint.py. Non-reentrant: saved tensors become placeholders, and the second run stops at the
 * last one (`_StopRecomputationError`). Reentrant: the whole block is one node that runs forward and its own backward.
 */

import { backward } from "./engine.js";
import { KeptOutputs } from "./kept-outputs.js";
import type { Machine } from "./machine.js";
import type { Saved, SavedTensorHook, Tensor } from "./tensor.js";
import type { SharedTensors } from "./shared-tensors.js";
import type { HalfDtype } from "./autocast.js";
import { withAutocast } from "./ops/cast.js";

/** Work that can be run twice; `captured` are tensors it uses besides its inputs. */
export interface Checkpointed {
  readonly inputs: readonly Tensor[];
  readonly captured: readonly Tensor[];
  /** What it reads and leaves in a dictionary. */
  readonly shared?: SharedTensors;
  readonly run: (inputs: readonly Tensor[]) => readonly Tensor[];
}

/**
 * Thrown when everything backward needs has been recomputed: the rest of the forward is not run. One object for all
 * runs, because making an error with its stack takes longer than the recomputation of a small layer.
 */
const STOP_RECOMPUTATION = new Error("everything needed has been recomputed");

/** Placeholder for a tensor that the first forward would have kept. */
class Placeholder implements Saved {
  private readonly frame: CheckpointFrame;
  private readonly index: number;

  constructor(frame: CheckpointFrame, index: number) {
    this.frame = frame;
    this.index = index;
  }

  unpack(): Tensor {
    return this.frame.take(this.index);
  }

  discard(): void {
    this.frame.close(this.index);
  }
}

/** What one checkpointed call keeps until the last of its nodes is done. */
class CheckpointFrame {
  private readonly m: Machine;
  private readonly work: Checkpointed;
  private readonly autocast: HalfDtype | undefined;
  /** Per saved tensor of the first forward: whether a node may still ask for it. */
  private readonly isOpen: boolean[] = [];
  private open = 0;
  private isRecomputed = false;
  private readonly recomputed = new Map<number, Tensor>();
  private readonly kept: KeptOutputs | undefined;

  constructor(m: Machine, work: Checkpointed, kept: KeptOutputs | undefined) {
    this.m = m;
    this.work = work;
    this.kept = kept;
    this.autocast = m.autocast.dtype;
    for (const tensor of [...work.inputs, ...work.captured]) m.retain(tensor);
    work.shared?.retain();
  }

  placeholder(): Saved {
    this.isOpen.push(true);
    this.open += 1;
    return new Placeholder(this, this.isOpen.length - 1);
  }

  /** Ends the frame when the forward kept nothing. */
  seal(): void {
    if (this.isOpen.length === 0) this.end();
  }

  take(index: number): Tensor {
    if (!this.isRecomputed) this.recompute();
    const tensor = this.recomputed.get(index);
    if (tensor === undefined) throw new Error("checkpoint: forward and recomputation differ");
    this.recomputed.delete(index);
    tensor.references -= 1;
    return tensor;
  }

  private recompute(): void {
    const { m, work } = this;
    this.isRecomputed = true;
    let count = 0;
    const hook: SavedTensorHook = {
      pack: (tensor) => {
        const kept = m.retain(tensor.requiresGrad ? m.alias(tensor) : tensor);
        const saved = m.holdSaved(kept);
        if (this.isOpen[count] === true) this.recomputed.set(count, kept);
        else m.release(kept);
        count += 1;
        if (count < this.isOpen.length) return saved;
        saved.discard();
        throw STOP_RECOMPUTATION;
      },
    };
    m.hooks.push(hook);
    const gradBefore = m.gradEnabled;
    m.gradEnabled = true;
    this.kept?.startSecondRun();
    const keptBefore = m.keptOutputs;
    m.keptOutputs = this.kept;
    try {
      m.guard(() => withAutocast(m, this.autocast, () => work.run(work.inputs)));
    } catch (error) {
      if (error !== STOP_RECOMPUTATION) throw error;
    } finally {
      m.gradEnabled = gradBefore;
      m.keptOutputs = keptBefore;
      m.hooks.pop();
    }
  }

  close(index: number): void {
    const left = this.recomputed.get(index);
    if (left !== undefined) {
      this.recomputed.delete(index);
      this.m.release(left);
    }
    this.isOpen[index] = false;
    this.open -= 1;
    if (this.open === 0) this.end();
  }

  private end(): void {
    this.kept?.end();
    for (const tensor of [...this.work.inputs, ...this.work.captured]) this.m.release(tensor);
    this.work.shared?.release();
  }
}

/** `torch.utils.checkpoint.checkpoint(..., use_reentrant=False)`; a selective one keeps the outputs of attention. */
export function checkpoint(
  m: Machine,
  work: Checkpointed,
  { isSelective = false }: { readonly isSelective?: boolean } = {},
): readonly Tensor[] {
  const kept = isSelective ? new KeptOutputs(m) : undefined;
  const frame = new CheckpointFrame(m, work, kept);
  m.hooks.push({ pack: () => frame.placeholder() });
  m.keptOutputs = kept;
  try {
    return work.run(work.inputs);
  } finally {
    m.keptOutputs = undefined;
    m.hooks.pop();
    frame.seal();
  }
}

/** `torch.utils.checkpoint.checkpoint(..., use_reentrant=True)` of work whose first output alone is differentiated. */
export function checkpointReentrant(m: Machine, work: Checkpointed): readonly Tensor[] {
  const { inputs } = work;
  const autocast = m.autocast.dtype;
  const node = m.track("CheckpointFunctionBackward", inputs);
  const [result, ...others] = m.withoutGrad(() => work.run(inputs));
  if (result === undefined) throw new Error("a checkpoint needs an output");
  if (node !== undefined) {
    for (const input of inputs) m.save(node, input);
    const needs = inputs.map(({ requiresGrad }) => requiresGrad);
    // Autograd hands the function zeros for outputs without a gradient.
    const zeros = others.map(({ shape, dtype }) => ({ shape, dtype }));
    node.attributes = work.captured.map((tensor) => m.retain(tensor));
    node.shared = work.shared?.retain();
    node.backward = (gradient, saved) => {
      const given = zeros.map(({ shape, dtype }) => m.retain(m.empty("zeros", shape, dtype)));
      const call = { m, work, autocast, needs };
      const result = recomputeAndDifferentiate(call, saved, [gradient, ...given]);
      for (const each of given) m.release(each);
      return result;
    };
  }
  m.finish(node, [result], []);
  return [result, ...others];
}

interface SecondRun {
  readonly m: Machine;
  readonly work: Checkpointed;
  readonly autocast: HalfDtype | undefined;
  /** Which inputs need a gradient. */
  readonly needs: readonly boolean[];
}

function recomputeAndDifferentiate(
  { m, work, autocast, needs }: SecondRun,
  saved: readonly Tensor[],
  given: readonly Tensor[],
): readonly (Tensor | undefined)[] {
  const gradients = m.frame((frame) => {
    const inputs = saved.map((kept, index) => {
      const input = frame.hold(m.alias(kept));
      input.requiresGrad = needs[index] === true;
      return input;
    });
    m.gradEnabled = true;
    const outputs = withAutocast(m, autocast, () => work.run(inputs));
    m.gradEnabled = false;
    for (const each of outputs) frame.hold(each);
    const pairs = outputs.map((output, index) => [output, given[index] ?? noGradient()] as const);
    backward(
      m,
      pairs.filter(([output]) => output.requiresGrad),
    );
    return inputs.filter((_, index) => needs[index]).map(({ grad }) => grad ?? noGradient());
  });
  const left = gradients.values();
  return needs.map((isNeeded) => (isNeeded ? left.next().value : undefined));
}

function noGradient(): never {
  throw new Error("a checkpoint got no gradient");
}
