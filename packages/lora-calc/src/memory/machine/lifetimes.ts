/**
 * Which tensors exist: storages come with the first of them and go with the last, on the card by the tape, elsewhere by
 * their sum. Local variables and autograd stand in machine.ts.
 */

import { bytesOf, elementCount } from "../../units/dtype.js";
import type { Dtype } from "../../units/dtype.js";
import { contiguousStrides } from "./layout.js";
import type { Shape } from "./layout.js";
import { sampledLoop, standsFor, wholeLoop } from "./loop.js";
import type { Loop, LoopKind, Section } from "./loop.js";
import { Outside } from "./outside.js";
import type { Place } from "./outside.js";
import { Tape } from "./tape.js";
import type { Kind, SideStream } from "./tape.js";
import { Storage, Tensor } from "./tensor.js";
import type { Node } from "./tensor.js";

/** Storage of a tensor without elements, or of one that is not on the card: the tape knows nothing of it. */
const NOT_ON_TAPE = -1;

export abstract class Lifetimes {
  readonly tape: Tape = new Tape();
  /** What lies in memory other than the card's. */
  readonly outside: Outside = new Outside();
  /** Kind of new allocations. */
  kind: Kind = "activations";
  /** Path of the module whose forward runs; the root's is empty, outside modules there is none. */
  modulePath: string | undefined;
  /** Node whose backward runs. */
  currentNode: Node | undefined;
  /** Which stream beside the usual one new allocations are made on; undefined for the usual one. */
  stream: SideStream | undefined;
  /** Iteration of a repeated piece of work that runs now. */
  section: Section | undefined;
  /** Where new tensors are made. */
  private place: Place = "cuda";
  /** Tensors made while a guard is in force. */
  private watched: Tensor[] | undefined;
  /** Of the samples of loops; undefined where every iteration is run. */
  readonly sparePeriods: number | undefined;

  constructor(sparePeriods?: number) {
    this.sparePeriods = sparePeriods;
  }

  /** Frees what the graph kept for a node that nobody needs any more. */
  abstract disown(node: Node): void;

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
    const storage = this.store(tag, shape, dtype);
    return this.watch(new Tensor(storage, shape, strides ?? contiguousStrides(shape), dtype));
  }

  /** Runs work whose tensors are made elsewhere: in the memory of the host, or in memory that the driver moves. */
  at<Result>(place: Place, body: () => Result): Result {
    const before = this.place;
    this.place = place;
    try {
      return body();
    } finally {
      this.place = before;
    }
  }

  /** `tensor.data = tensor.data.to(device)`: the same tensor, with a copy of its storage where new tensors are made. */
  move(tensor: Tensor): void {
    const old = tensor.storage;
    const copy = this.store("to_device", tensor.shape, tensor.dtype);
    copy.tensors += 1;
    tensor.storage = copy;
    old.tensors -= 1;
    this.endUnused(old);
  }

  private store(tag: string, shape: Shape, dtype: Dtype): Storage {
    const bytes = bytesOf(elementCount(shape), dtype);
    const { kind, tape, place } = this;
    if (place !== "cuda") {
      const total = bytes * this.multiplicity(this.section);
      this.outside.take(place, total);
      return new Storage(NOT_ON_TAPE, { place, bytes: total });
    }
    const module = this.modulePath ?? this.currentNode?.module;
    if (bytes === 0) return new Storage(NOT_ON_TAPE);
    const { phase } = tape;
    const { stream } = this;
    const allocation = { bytes, kind, tag, module, phase, shape, dtype };
    return new Storage(
      tape.allocate(stream === undefined ? allocation : { ...allocation, stream }),
    );
  }

  private endUnused({ id, tensors, elsewhere }: Storage): void {
    if (tensors > 0) return;
    if (id !== NOT_ON_TAPE) this.tape.release(id);
    if (elsewhere !== undefined) this.outside.give(elsewhere.place, elsewhere.bytes);
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
    this.endUnused(tensor.storage);
    if (tensor.producer !== undefined) this.disown(tensor.producer);
    if (tensor.grad !== undefined) this.release(tensor.grad);
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
}
