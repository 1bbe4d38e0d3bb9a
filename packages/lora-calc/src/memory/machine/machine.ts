/**
 * Runs programs over symbolic tensors: what Python's variables hold, and the autograd graph, which keep storages alive.
 * Operations live in `ops/`.
 */

import { Autocast } from "./autocast.js";
import { Frame } from "./frame.js";
import { HeldTensor } from "./held-tensor.js";
import type { KeptOutputs } from "./kept-outputs.js";
import { Lifetimes } from "./lifetimes.js";
import { Node } from "./tensor.js";
import type { Edge, Saved, SavedTensorHook, Tensor } from "./tensor.js";

export class Machine extends Lifetimes {
  readonly autocast: Autocast = new Autocast();
  gradEnabled = true;
  readonly hooks: SavedTensorHook[] = [];
  /** Outputs of attention that a selective checkpoint keeps; undefined outside one. */
  keptOutputs: KeptOutputs | undefined;
  /** Local variables of the functions that run, innermost last. */
  private readonly variables: Tensor[] = [];
  private sequence = 0;
  /** A Python function: what it holds in variables ends when it returns or raises. */
  frame<Result extends Tensor | readonly Tensor[]>(body: (frame: Frame) => Result): Result {
    const frame = new Frame(this, this.variables);
    let result: Result | undefined;
    try {
      result = body(frame);
      return result;
    } finally {
      frame.end(result);
    }
  }

  /** The call of a module: its arguments stay alive until it returns. */
  call<Result extends Tensor | readonly Tensor[]>(
    path: string,
    inputs: readonly Tensor[],
    body: (frame: Frame) => Result,
  ): Result {
    const caller = this.modulePath;
    this.modulePath = path;
    try {
      return this.frame((frame) => {
        for (const input of inputs) frame.hold(input);
        return body(frame);
      });
    } finally {
      this.modulePath = caller;
    }
  }

  withoutGrad<Result>(body: () => Result): Result {
    const before = this.gradEnabled;
    this.gradEnabled = false;
    try {
      return body();
    } finally {
      this.gradEnabled = before;
    }
  }

  /** Node for an operation on these inputs, or undefined when no gradient will be asked for. */
  track(name: string, inputs: readonly (Tensor | undefined)[]): Node | undefined {
    if (!this.gradEnabled || !inputs.some((input) => input?.requiresGrad)) return undefined;
    const edges = inputs.map((input) =>
      input?.requiresGrad === true ? this.edgeTo(input) : undefined,
    );
    return this.newNode(name, edges);
  }

  /** Keeps a tensor for the node's backward, as the hook in force decides. Call before the kernel runs. */
  save(node: Node, tensor: Tensor): void {
    const hook = this.hooks.at(-1);
    if (hook === undefined) {
      node.keep(this.holdSaved(tensor));
      return;
    }
    try {
      node.keep(hook.pack(tensor));
    } catch (error) {
      // The operation stops before it runs: its node ends with it.
      node.owners = 1;
      this.disown(node);
      throw error;
    }
  }

  /** Keeps an output of the node: its data only, so that the node does not own itself. */
  saveOutput(node: Node, tensor: Tensor): void {
    const alias = this.retain(this.alias(tensor));
    try {
      this.save(node, alias);
    } finally {
      this.release(alias);
    }
  }

  /** Outputs of an attention kernel: made, or those that a selective checkpoint kept of the first run. */
  attentionOutputs<Made extends readonly Tensor[]>(make: () => Made): Made {
    return this.keptOutputs === undefined ? make() : this.keptOutputs.of(make);
  }

  /** A direct hold on a saved tensor. */
  holdSaved(tensor: Tensor): Saved {
    return new HeldTensor(this, tensor);
  }

  /** Makes outputs part of the graph and ends the temporaries among the inputs. */
  finish(node: Node | undefined, outputs: readonly Tensor[], inputs: readonly Tensor[]): void {
    if (node !== undefined) {
      node.outputs = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
      node.owners += outputs.length;
      outputs.forEach((output, index) => {
        output.producer = node;
        output.outputIndex = index;
        output.requiresGrad = true;
      });
    }
    for (const input of inputs) this.consume(input);
  }

  /** Drops the tensors a node saved. */
  releaseSaved(node: Node): void {
    for (const entry of node.takeSaved()) entry.discard();
  }

  newNode(name: string, edges: readonly (Edge | undefined)[]): Node {
    const { sequence, modulePath: module } = this;
    const node = new Node({ name, sequence, module, edges });
    node.section = this.section;
    node.kind = this.kind;
    this.sequence += 1;
    for (const edge of edges) if (edge !== undefined) edge.node.owners += 1;
    return node;
  }

  /** One owner less; a node without owners frees what it saved, and so on through the graph. */
  disown(node: Node): void {
    const pending = [node];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      next.owners -= 1;
      if (next.owners > 0) continue;
      this.releaseSaved(next);
      for (const attribute of next.attributes) this.release(attribute);
      next.attributes = [];
      next.shared?.release();
      next.shared = undefined;
      for (const edge of next.edges) if (edge !== undefined) pending.push(edge.node);
      const { leaf } = next;
      if (leaf !== undefined) {
        leaf.accumulator = undefined;
        this.release(leaf);
      }
    }
  }

  private edgeTo(tensor: Tensor): Edge {
    if (tensor.producer !== undefined) return { node: tensor.producer, index: tensor.outputIndex };
    return { node: this.accumulatorOf(tensor), index: 0 };
  }

  private accumulatorOf(leaf: Tensor): Node {
    if (leaf.accumulator !== undefined) return leaf.accumulator;
    const facts = { name: "AccumulateGrad", sequence: Infinity, module: this.modulePath };
    const node = new Node({ ...facts, edges: [], leaf: this.retain(leaf) });
    node.outputs = [{ shape: leaf.shape, dtype: leaf.dtype }];
    leaf.accumulator = node;
    return node;
  }
}
