/**
 * LitGPT's model on the card, in the order that its constructors make it there: every block is made once without LoRA first.
 *
 * Source: litgpt 0.5.13 lora.py `GPT`, `Block`, `CausalSelfAttention`, `LLaMAMLP`, `LoRALinear`, `LoRAQKVLinear`; model.py
 * `max_seq_length`, `build_rope_cache`; lightning fabric plugins/precision/half.py `convert_module`.
 */

import type { Dtype } from "../../../units/dtype.js";
import type { Loop } from "../../machine/loop.js";
import type { Shape } from "../../machine/layout.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { LitgptUse } from "../../settings/litgpt-use.js";
import type { BoundModule } from "../../load/bound-module.js";
import { pack, packedTensors } from "./packed.js";
import type { Packing, StableEmbedding } from "./packed.js";

/** `LoRALinear`, of shape (out, in); without an adapter the linear layer alone. */
export interface LoraLinear {
  /** Of a packed one `packed` has what is stored. */
  readonly weight: Tensor;
  readonly bias?: Tensor;
  packed?: BoundModule;
  readonly lora?: LoraPair;
}

/** A of shape (rank, in), B of shape (out, rank); of queries, keys and values those of all that are adapted in one. */
interface LoraPair {
  readonly a: Tensor;
  readonly b: Tensor;
}

interface Attention {
  readonly qkv: LoraLinear;
  readonly proj: LoraLinear;
  /** Norms of single heads of queries and keys. */
  readonly headNorms?: readonly [Tensor, Tensor];
}

interface Mlp {
  /** `fc_1`. */
  readonly gate: LoraLinear;
  /** `fc_2`. */
  readonly up: LoraLinear;
  readonly down: LoraLinear;
}

export interface Block extends Attention, Mlp {
  readonly firstNorm: Tensor;
  readonly secondNorm: Tensor;
  /** Which columns the adapters of queries, keys and values add to, once a forward has asked. */
  indices?: Tensor;
}

export interface Gpt {
  readonly head: LoraLinear;
  readonly embedding: Tensor;
  /** In place of the embedding, beside packed weights. */
  stable?: StableEmbedding;
  readonly blocks: readonly Block[];
  readonly loop: Loop;
  readonly finalNorm: Tensor;
  /** Cosines and sines (positions, head size), made anew for the longest sequence in float32. */
  tables: Tables;
}

type Tables = readonly [cos: Tensor, sin: Tensor];

/** How the weights are stored. */
export interface Storage {
  readonly dtype: Dtype;
  /** Tables are cast as the weights are. */
  readonly isCast: boolean;
  readonly packing?: Packing | undefined;
}

class Maker {
  private readonly m: Machine;
  private readonly use: LitgptUse;
  private readonly dtype: Dtype;
  private readonly packing: Packing | undefined;

  constructor(m: Machine, use: LitgptUse, { dtype, packing }: Storage) {
    this.m = m;
    this.use = use;
    this.dtype = dtype;
    this.packing = packing;
  }

  /** The weight of a norm. */
  norm(size: number): Tensor {
    return this.parameter([size], "ones");
  }

  parameter(shape: Shape, tag = "empty"): Tensor {
    const { m } = this;
    const made = m.retain(m.empty(tag, shape, this.dtype));
    made.section = m.section;
    return made;
  }

  private pair(inputs: number, ranks: number, outputs: number): LoraPair {
    const { m } = this;
    const a = m.withKind("adapter_a", () => this.parameter([ranks, inputs]));
    const b = m.withKind("adapter_b", () => this.parameter([outputs, this.use.lora.rank]));
    for (const each of [a, b]) each.requiresGrad = true;
    return { a, b };
  }

  linear(inputs: number, outputs: number, isAdapted = false): LoraLinear {
    const plain = this.plain([outputs, inputs], false);
    const { rank } = this.use.lora;
    return isAdapted ? { ...plain, lora: this.pair(inputs, rank, outputs) } : plain;
  }

  /** Made in 16 bits, and packed then where weights are packed. */
  private plain(shape: readonly [number, number], hasBias: boolean): LoraLinear {
    const { m, packing } = this;
    const weight = this.parameter(shape);
    const bias = hasBias ? this.parameter([shape[0]]) : undefined;
    const made = bias === undefined ? { weight } : { weight, bias };
    if (packing === undefined) return made;
    return { ...made, packed: pack(m, packing, shape, { tensors: [weight], bias }) };
  }

  private qkv(isAdapted: boolean): LoraLinear {
    const { hidden, hasAttentionBias, lora } = this.use;
    const plain = this.plain([sum(qkvWidths(this.use)), hidden], hasAttentionBias);
    const adapted = adaptedWidths(this.use);
    if (!isAdapted || adapted.length === 0) return plain;
    return { ...plain, lora: this.pair(hidden, lora.rank * adapted.length, sum(adapted)) };
  }

  private plainAttention(): Attention {
    const { hidden, heads, headSize, normsHeads } = this.use;
    const [qkv, proj] = [this.qkv(false), this.linear(heads * headSize, hidden)];
    if (!normsHeads) return { qkv, proj };
    return { qkv, proj, headNorms: [this.norm(headSize), this.norm(headSize)] };
  }

  /** The layers of LoRA take the place of those that their base class makes. */
  private attention(): Attention {
    const { hidden, heads, headSize, lora } = this.use;
    const before = this.plainAttention();
    const qkv = this.qkv(true);
    this.drop(before.qkv);
    const proj = this.linear(heads * headSize, hidden, lora.projection);
    this.drop(before.proj);
    return { ...before, qkv, proj };
  }

  private mlp(): Mlp {
    const { hidden, intermediate, lora } = this.use;
    const gate = this.linear(hidden, intermediate, lora.mlp);
    const up = this.linear(hidden, intermediate, lora.mlp);
    return { gate, up, down: this.linear(intermediate, hidden, lora.mlp) };
  }

  block(): Block {
    const { hidden } = this.use;
    const firstNorm = this.norm(hidden);
    const before = this.plainAttention();
    const secondNorm = this.norm(hidden);
    const beforeMlp = this.mlp();
    const attention = this.attention();
    for (const each of [before.qkv, before.proj]) this.drop(each);
    for (const norm of before.headNorms ?? []) this.m.release(norm);
    const mlp = this.mlp();
    for (const each of [beforeMlp.gate, beforeMlp.up, beforeMlp.down]) this.drop(each);
    return { firstNorm, secondNorm, ...attention, ...mlp };
  }

  private drop({ weight, bias, lora, packed }: LoraLinear): void {
    const stored = packed === undefined ? [weight] : packedTensors(packed);
    for (const tensor of [...stored, bias, lora?.a, lora?.b])
      if (tensor !== undefined) this.m.release(tensor);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Columns of queries, keys and values. */
export function qkvWidths({ heads, groups, headSize }: LitgptUse): readonly number[] {
  return [heads * headSize, groups * headSize, groups * headSize];
}

/** Of those the ones that have an adapter. */
export function adaptedWidths(use: LitgptUse): readonly number[] {
  const { query, key, value } = use.lora;
  return qkvWidths(use).filter((_, index) => [query, key, value][index] === true);
}

/** Angles of every position and pair of channels in float32, of which cosine and sine are kept. */
export function ropeTables(m: Machine, rows: number, dim: number): Tables {
  const pairs = [dim / 2];
  const [long, wide] = [[rows], [rows, dim]];
  return m.frame<Tables>((frame) => {
    const powers = after(m, numbers(m, pairs), "pow", pairs);
    frame.hold(after(m, m.empty("reciprocal", pairs, "float32"), "mul", pairs));
    m.consume(powers);
    frame.hold(numbers(m, long));
    frame.hold(after(m, m.empty("mul", [rows, dim / 2], "float32"), "repeat", wide));
    const scaled = (tag: string): Tensor =>
      frame.hold(after(m, m.empty(tag, wide, "float32"), "mul", wide));
    return [scaled("cos"), scaled("sin")];
  });
}

/** `arange(n).float() / x`. */
function numbers(m: Machine, shape: Shape): Tensor {
  const floats = after(m, m.empty("arange", shape, "int64"), "_to_copy", shape);
  return after(m, floats, "div", shape);
}

/** What is made of a temporary that ends then. */
function after(m: Machine, before: Tensor, tag: string, shape: Shape): Tensor {
  const made = m.empty(tag, shape, "float32");
  m.consume(before);
  return made;
}

/** The model, whose tables are cast where its weights are 16-bit. */
export function makeGpt(m: Machine, use: LitgptUse, storage: Storage): Gpt {
  const { dtype, isCast } = storage;
  const maker = new Maker(m, use, storage);
  const head = maker.linear(use.hidden, use.vocabulary, use.lora.head);
  const embedding = maker.parameter([use.vocabulary, use.hidden]);
  const loop = m.loop("layers", new Array<string>(use.layers).fill("block"));
  const blocks = loop.indices.map((_, position) => {
    m.enterSection(loop, position);
    return maker.block();
  });
  m.leaveSection();
  const finalNorm = maker.norm(use.hidden);
  const made = ropeTables(m, use.blockSize, use.headSize);
  for (const each of made) m.retain(each);
  const tables = isCast ? castTables(m, made, dtype) : made;
  return { head, embedding, blocks, loop, finalNorm, tables };
}

/** One after the other, each before the wide one goes. */
function castTables(m: Machine, tables: Tables, dtype: Dtype): Tables {
  const [cos, sin] = tables;
  const narrow = (wide: Tensor): Tensor => {
    const made = m.retain(m.empty("_to_copy", wide.shape, dtype));
    m.release(wide);
    return made;
  };
  return [narrow(cos), narrow(sin)];
}

/** A checkpoint is read: what is packed is packed anew, layer by layer. */
export function packAgain(m: Machine, { head, blocks, loop }: Gpt, packing: Packing): void {
  const again = (layer: LoraLinear): void => {
    const { packed, bias } = layer;
    if (packed === undefined) return;
    const { layer: sizes } = packed.node;
    if (sizes?.kind !== "linear") throw new Error("what is packed is linear");
    const shape = [sizes.outFeatures, sizes.inFeatures] as const;
    layer.packed = pack(m, packing, shape, { tensors: packedTensors(packed), bias });
  };
  again(head);
  blocks.forEach((block, position) => {
    m.enterSection(loop, position);
    for (const each of [block.qkv, block.proj, block.gate, block.up, block.down]) again(each);
  });
  m.leaveSection();
}

/** What trains, in the order of `model.parameters()`. */
export function trainedOf({ head, blocks }: Gpt): readonly Tensor[] {
  const layers = blocks.flatMap(({ qkv, proj, gate, up, down }) => [qkv, proj, gate, up, down]);
  return [head, ...layers].flatMap(({ lora }) => (lora === undefined ? [] : [lora.a, lora.b]));
}
