/**
 * Runs programs over symbolic tensors: allocates and frees storages by reference counts, and records the autograd graph.
 * Operations live in `ops/`; this file knows lifetimes only.
 */

import { bytesOf, elementCount } from "../../units/dtype.js";
import type { Dtype } from "../../units/dtype.js";
import { sampledLoop, standsFor, wholeLoop } from "./loop.js";
import type { Loop, LoopKind, Section } from "./loop.js";
import { Autocast } from "./autocast.js";
import { Frame } from "./frame.js";
import { HeldTensor } from "./held-tensor.js";
import { contiguousStrides } from "./layout.js";
import type { Shape } from "./layout.js";
import { Node, Storage, Tensor } from "./tensor.js";
import type { Edge, Saved, SavedTensorHook } from "./tensor.js";
import { Tape } from "./tape.js";
import type { Kind } from "./tape.js";

/** Storage of a tensor without elements: PyTorch allocates nothing for it. */
const NO_STORAGE = -1;

export class Machine {
  readonly tape: Tape = new Tape();
  readonly autocast: Autocast = new Autocast();
  gradEnabled = true;
  /** Kind of new allocations. */
  kind: Kind = "activations";
  readonly hooks: SavedTensorHook[] = [];
  /** Path of the module whose forward runs; the root's is empty, outside modules there is none. */
  modulePath: string | undefined;
  /** Node whose backward runs. */
  currentNode: Node | undefined;
  /** Iteration of a repeated piece of work that runs now. */
  section: Section | undefined;
  /** Local variables of the functions that run, innermost last. */
  private readonly variables: Tensor[] = [];
  private sequence = 0;
  /** Tensors made while a guard is in force. */
  private watched: Tensor[] | undefined;
  /** Of the samples of loops; undefined where every iteration is run. */
  readonly sparePeriods: number | undefined;

  constructor(sparePeriods?: number) {
    this.sparePeriods = sparePeriods;
  }

  /** A loop whose iterations do the same where their keys are equal. */
  loop(kind: LoopKind, keys: readonly unknown[]): Loop {
    const { sparePeriods } = this;
    return sparePeriods === undefined
      ? wholeLoop(kind, keys.length)
      : sampledLoop(kind, keys, sparePeriods);
  }

  /** How many iterations of the whole run the iteration of a section stands for; what lies outside loops, for itself. */
  multiplicity(section: Section | undefined): number {
    return section === undefined ? 1 : standsFor(section);
  }

  /** New uninitialised tensor. Dense row-major unless strides are given. */
  empty(tag: string, shape: Shape, dtype: Dtype, strides?: Shape): Tensor {
    const bytes = bytesOf(elementCount(shape), dtype);
    const module = this.modulePath ?? this.currentNode?.module;
    const { kind, tape } = this;
    const { phase } = tape;
    const id =
      bytes === 0 ? NO_STORAGE : tape.allocate({ bytes, kind, tag, module, phase, shape, dtype });
    return this.watch(
      new Tensor(new Storage(id), shape, strides ?? contiguousStrides(shape), dtype),
    );
  }

  /** Another tensor on the same storage, without autograd history. */
  alias(base: Tensor, shape: Shape = base.shape, strides: Shape = base.strides): Tensor {
    return this.watch(new Tensor(base.storage, shape, strides, base.dtype));
  }

  /** Runs work that may stop half-way by an exception, and then ends the temporaries it left behind. */
  guard(body: () => void): void {
    const before = this.watched;
    const watched: Tensor[] = [];
    this.watched = watched;
    try {
      body();
    } finally {
      this.watched = before;
      for (const tensor of watched) this.consume(tensor);
    }
  }

  private watch(tensor: Tensor): Tensor {
    this.watched?.push(tensor);
    return tensor;
  }

  retain(tensor: Tensor): Tensor {
    tensor.references += 1;
    return tensor;
  }

  release(tensor: Tensor): void {
    tensor.references -= 1;
    this.consume(tensor);
  }

  /** Ends a tensor that nothing holds: what Python does to a temporary once it was used. */
  consume(tensor: Tensor): void {
    if (tensor.references > 0 || !tensor.alive) return;
    tensor.alive = false;
    tensor.storage.tensors -= 1;
    if (tensor.storage.tensors === 0 && tensor.storage.id !== NO_STORAGE) {
      this.tape.release(tensor.storage.id);
    }
    if (tensor.producer !== undefined) this.disown(tensor.producer);
    if (tensor.grad !== undefined) this.release(tensor.grad);
  }

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

  /** Runs work whose allocations are of another kind. */
  withKind<Result>(kind: Kind, body: () => Result): Result {
    const before = this.kind;
    this.kind = kind;
    try {
      return body();
    } finally {
      this.kind = before;
    }
  }

  /** Changes the kind of what a tensor occupies, once its role is known. */
  markAs(tensor: Tensor, kind: Kind): void {
    const allocation = this.tape.allocations[tensor.storage.id];
    if (allocation !== undefined) allocation.kind = kind;
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

  /** Marks the start of one iteration of a loop over equal layers or chunks. */
  enterSection(loop: Loop, iteration: number): void {
    const { section } = this;
    if (section?.loop === loop && section.iteration === iteration) return;
    this.setSection({ loop, iteration });
  }

  leaveSection(): void {
    this.setSection(undefined);
  }

  setSection(section: Section | undefined): void {
    const open = this.section;
    if (section?.loop === open?.loop && section?.iteration === open?.iteration) return;
    this.section = section;
    this.tape.mark(section?.loop, section?.iteration);
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
