/**
 * The backward pass: runs nodes from the last to the first, adds gradients where paths meet, frees what each node saved.
 *
 * Source: torch/csrc/autograd/engine.cpp (`evaluate_function`, `call_function`, `validate_outputs`), input_buffer.cpp
 * (`accumulate`), functions/accumulate_grad.h. Meeting gradients are added out of place, as traced; a CUDA run may add
 * in place.
 */

import { add } from "./ops/elementwise.js";
import { cast } from "./ops/cast.js";
import { sumToShape } from "./ops/reduce.js";
import { isContiguous, isDense, sameShape } from "./layout.js";
import type { Machine } from "./machine.js";
import type { Node, OutputFacts, Tensor } from "./tensor.js";
import { ReadyQueue } from "./ready-queue.js";

/** Where gradients come in. */
interface Root {
  readonly node: Node;
  readonly index: number;
  readonly gradient: Tensor;
}

/** One run of the engine; reentrant checkpointing starts another one inside it. */
class GraphTask {
  private readonly machine: Machine;
  private readonly ready = new ReadyQueue();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  run(roots: readonly Root[]): void {
    this.countEdges(roots.map(({ node }) => node));
    for (const { node, index, gradient } of roots) this.deliver(node, index, gradient);
    // What another root leads to waits for it.
    for (const { node } of roots) if (node.pending === 0) this.ready.push(node);
    for (let node = this.ready.pop(); node !== undefined; node = this.ready.pop()) {
      this.evaluate(node);
    }
  }

  private countEdges(roots: readonly Node[]): void {
    const seen = new Set(roots);
    const stack = [...roots];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const edge of node.edges) {
        if (edge === undefined) continue;
        edge.node.pending += 1;
        if (seen.has(edge.node)) continue;
        seen.add(edge.node);
        stack.push(edge.node);
      }
    }
  }

  private evaluate(node: Node): void {
    const { machine } = this;
    const buffer = node.arrived ?? [];
    node.arrived = undefined;
    const previous = machine.currentNode;
    const { kind } = machine;
    machine.currentNode = node;
    if (node.leaf !== undefined) {
      accumulate(machine, node.leaf, buffer[0]);
    } else {
      machine.setSection(node.section);
      machine.kind = node.kind;
      const outputs = hasArrived(buffer) ? this.apply(node, buffer) : [];
      machine.releaseSaved(node);
      node.backward = undefined;
      this.endGradients(buffer);
      this.distribute(node, outputs);
    }
    machine.currentNode = previous;
    machine.kind = kind;
  }

  /** Calls the node's backward and brings its results to the shape and dtype the next nodes expect. */
  private apply(node: Node, buffer: (Tensor | undefined)[]): (Tensor | undefined)[] {
    const { machine } = this;
    if (node.backward === undefined) throw new Error(`${node.name} has no backward`);
    const saved = node.saved.map((entry) => machine.retain(entry.unpack()));
    const [first] = buffer;
    if (first === undefined) throw new Error(`${node.name} got no gradient of its first output`);
    const results = node.backward(first, saved, buffer);
    for (const result of results) if (result !== undefined) machine.retain(result);
    for (const tensor of saved) machine.release(tensor);
    if (node.isPython) this.endGradients(buffer);
    return node.edges.map((edge, index) => {
      const gradient = results[index];
      if (gradient === undefined || edge === undefined) return gradient;
      const facts = edge.node.outputs[edge.index];
      if (facts === undefined) throw new Error(`${edge.node.name} has no output ${edge.index}`);
      return this.conform(gradient, facts);
    });
  }

  private endGradients(buffer: (Tensor | undefined)[]): void {
    buffer.forEach((gradient, index) => {
      if (gradient !== undefined) this.machine.release(gradient);
      buffer[index] = undefined;
    });
  }

  /** Sums a held gradient over broadcast dimensions and casts it, where the receiving node expects it. */
  private conform(gradient: Tensor, { shape, dtype }: OutputFacts): Tensor {
    const { machine } = this;
    let valid = gradient;
    if (!sameShape(valid.shape, shape)) {
      valid = machine.retain(sumToShape(machine, gradient, shape));
      machine.release(gradient);
    }
    if (valid.dtype === dtype) return valid;
    const converted = machine.retain(cast(machine, valid, dtype));
    machine.release(valid);
    return converted;
  }

  /**
   * What is added to a gradient that came before, and what nobody asked for, ends when all have been delivered.
   *
   * Source: torch/csrc/autograd/engine.cpp `evaluate_function`, input_buffer.cpp `accumulate`, which moves a first arrival
   * only.
   */
  private distribute(node: Node, outputs: readonly (Tensor | undefined)[]): void {
    const left: Tensor[] = [];
    node.edges.forEach((edge, index) => {
      if (edge === undefined) return;
      const gradient = outputs[index];
      if (gradient !== undefined) {
        const isFirst = this.deliver(edge.node, edge.index, gradient);
        if (isFirst) this.machine.release(gradient);
        else left.push(gradient);
      }
      edge.node.pending -= 1;
      if (edge.node.pending === 0) this.ready.push(edge.node);
    });
    for (const gradient of left) this.machine.release(gradient);
    outputs.forEach((gradient, index) => {
      if (gradient !== undefined && node.edges[index] === undefined) this.machine.release(gradient);
    });
  }

  /** Whether it is the first that arrives there. */
  private deliver(node: Node, index: number, gradient: Tensor): boolean {
    const { machine } = this;
    const arrived = node.arrived ?? (node.arrived = new Array<undefined>(node.outputs.length));
    const present = arrived[index];
    if (present === undefined) {
      arrived[index] = machine.retain(gradient);
      return true;
    }
    // Gradients are off while the engine runs.
    arrived[index] = machine.retain(add(machine, present, gradient));
    machine.release(present);
    return false;
  }
}

function hasArrived(gradients: readonly (Tensor | undefined)[]): boolean {
  for (const gradient of gradients) if (gradient !== undefined) return true;
  return false;
}

/** Adds to `.grad` of a leaf: takes the first gradient over when nothing else holds it, copies it otherwise. */
function accumulate(machine: Machine, leaf: Tensor, gradient: Tensor | undefined): void {
  if (gradient === undefined) return;
  machine.withoutGrad(() => {
    if (leaf.grad !== undefined) {
      machine.release(gradient);
      return;
    }
    const canTakeOver = gradient.references === 1 && sameLayout(gradient, leaf);
    const owned = canTakeOver
      ? machine.alias(gradient)
      : machine.empty("new_empty_strided", leaf.shape, gradient.dtype, leaf.strides);
    leaf.grad = machine.retain(owned);
    machine.release(gradient);
  });
}

/** Gradients keep the memory order of their leaf, and are row-major where it has gaps (the layout contract of AccumulateGrad). */
function sameLayout(gradient: Tensor, leaf: Tensor): boolean {
  if (!isDense(leaf.shape, leaf.strides)) return isContiguous(gradient.shape, gradient.strides);
  return leaf.shape.every((size, dim) => size === 1 || gradient.strides[dim] === leaf.strides[dim]);
}

/** `torch.autograd.backward(tensors, gradients)` for tensors with history. */
export function backward(
  machine: Machine,
  pairs: readonly (readonly [tensor: Tensor, gradient: Tensor])[],
): void {
  const roots = pairs.map(([tensor, gradient]): Root => {
    const { producer: node, outputIndex: index } = tensor;
    if (node === undefined) throw new Error("backward needs a tensor with history");
    node.owners += 1;
    return { node, index, gradient: machine.retain(gradient) };
  });
  machine.withoutGrad(() => new GraphTask(machine).run(roots));
  for (const { node, gradient } of roots) {
    machine.release(gradient);
    machine.disown(node);
  }
}
