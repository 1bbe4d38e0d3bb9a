/**
 * A run of LitGPT: its model on the card, two batches of validation, and its loop, which keeps the logits until there are new ones.
 *
 * Source: litgpt 0.5.13 finetune/lora.py `main`, `fit`, `validate`, data/base.py; lightning fabric wrappers.py `_FabricModule.forward`.
 */

import { missing } from "../../../problem/missing.js";
import type { ModuleGraph } from "../../../graph/tree/module-graph.js";
import type { LoadedModel } from "../../load/bind-model.js";
import type { Kernels } from "../../load/bound-module.js";
import type { AttentionCard } from "../../../catalogue/cuda.js";
import { withAutocast } from "../../machine/ops/cast.js";
import { slice } from "../../machine/ops/views.js";
import type { Machine } from "../../machine/machine.js";
import { LOADING } from "../../machine/phase.js";
import type { Tensor } from "../../machine/tensor.js";
import { autocastDtype } from "../../settings/training.js";
import type { TrainingSettings } from "../../settings/training.js";
import type { LitgptUse } from "../../settings/litgpt-use.js";
import { cublasWorkspace } from "../../machine/workspace.js";
import type { Trainer } from "../trainers/trainer.js";
import type { BlockCall } from "./block.js";
import { CHUNK, chunkedLoss, wholeLoss } from "./loss.js";
import { callGpt, inFloat32 } from "./model.js";
import { stableEmbedding } from "./packed.js";
import type { FourBit, Packing } from "./packed.js";
import { makeGpt, packAgain, ropeTables, trainedOf } from "./weights.js";
import type { Gpt } from "./weights.js";

/** Batches of the validation that LitGPT begins with ("Verifying settings ..."). */
const CHECKED_BATCHES = 2;
/** Sums of tokens that the loop keeps on the card. */
const COUNTERS = 3;

interface Inputs {
  readonly use: LitgptUse;
  readonly graph: ModuleGraph;
  readonly training: TrainingSettings;
  readonly kernels: Kernels;
  /** Of packed weights. */
  readonly quantization: FourBit | undefined;
  readonly card: AttentionCard;
}

interface Batch {
  readonly ids: Tensor;
  readonly labels: Tensor;
  readonly all: readonly Tensor[];
}

export class LitgptRun {
  readonly model: LoadedModel;
  private readonly m: Machine;
  private readonly inputs: Inputs;
  private readonly gpt: Gpt;
  /** Of the micro-batch before: its loss, until it is made a number of. */
  private logged: Tensor | undefined;
  /** A number that the loop logs. */
  private total: Tensor | undefined;
  /** Of the micro-batch before: its batch. */
  private before: readonly Tensor[] = [];
  /** Its logits. */
  private kept: readonly Tensor[] = [];

  constructor(m: Machine, inputs: Inputs) {
    const { use, graph, training, kernels, quantization } = inputs;
    const packing = quantization === undefined ? undefined : { quantization, kernels };
    const { dtype } = training;
    this.m = m;
    this.inputs = inputs;
    m.tape.phase = LOADING;
    // The plugin that packs casts no tables.
    const isCast = dtype !== "float32" && packing === undefined;
    this.gpt = m.withKind("weights", () => makeGpt(m, use, { dtype, isCast, packing }));
    if (packing !== undefined) this.readPacked(packing);
    const trained = { parameters: trainedOf(this.gpt), embeddings: new Set<Tensor>() };
    const parts = { parameters: new Map(), buffers: new Map(), children: new Map(), elements: [] };
    this.model = {
      root: { path: "", node: graph.root, dtype, kernels, ...parts },
      trained: { ...trained, copies: new Set() },
    };
  }

  /** Beside packed weights another embedding takes the place of the first, which stays; then the checkpoint is read. */
  private readPacked(packing: Packing): void {
    const { m, gpt } = this;
    const { use, training } = this.inputs;
    m.withKind("weights", () => {
      gpt.stable = stableEmbedding(m, [use.vocabulary, use.hidden], training.dtype);
      packAgain(m, gpt, packing);
    });
  }

  /** What comes before the first batch: tables for the longest sequence, two batches without gradients, counters. */
  prepare(workspaceBytes: number): void {
    const { m } = this;
    const { use, training } = this.inputs;
    const { max_length: length } = training;
    if (length !== use.blockSize) {
      m.withKind("buffers", () => {
        const tables = ropeTables(m, length, use.headSize);
        for (const each of tables) m.retain(each);
        for (const each of this.gpt.tables) m.release(each);
        this.gpt.tables = tables;
      });
    }
    m.tape.phase = { part: "validation" };
    m.withoutGrad(() => {
      this.validate(workspaceBytes);
    });
    m.withKind("batch", () => {
      for (let each = 0; each < COUNTERS; each += 1) m.retain(m.empty("lift_fresh", [], "int64"));
    });
  }

  /** Variables hold a batch and its logits until those of the next are there; one batch more is fetched than is run. */
  private validate(workspaceBytes: number): void {
    const { m } = this;
    let batch = this.batch();
    let logits: readonly Tensor[] = [];
    cublasWorkspace(m, workspaceBytes);
    for (let count = 0; count < CHECKED_BATCHES; count += 1) {
      const whole = this.logits(batch.ids, { chunk: batch.ids.size(1), isTraining: false });
      for (const each of whole) m.retain(each);
      for (const each of logits) m.release(each);
      logits = whole;
      m.consume(m.withKind("logits", () => wholeLoss(m, whole[0] ?? missing(), batch.labels)));
      const next = this.batch();
      for (const each of batch.all) m.release(each);
      batch = next;
    }
    for (const each of [...batch.all, ...logits]) m.release(each);
  }

  private batch(): Batch {
    const { m } = this;
    const { per_device_train_batch_size: rows, max_length: length } = this.inputs.training;
    return m.withKind("batch", () => {
      const made = (...shape: number[]): Tensor => m.retain(m.empty("zeros", shape, "int64"));
      const [ids, labels] = [made(rows, length), made(rows, length)];
      return { ids, labels, all: [ids, labels, made(rows, 1), made(rows, 1)] };
    });
  }

  private logits(
    ids: Tensor,
    { chunk, isTraining }: { readonly chunk: number; readonly isTraining: boolean },
  ): readonly Tensor[] {
    const { m, gpt } = this;
    const { use, kernels, card, training, quantization } = this.inputs;
    const { attention } = kernels;
    const facts = { m, use, isTraining, attention, card, quantization };
    const call: BlockCall = { ...facts, tables: gpt.tables };
    const made = withAutocast(m, autocastDtype(training), () => callGpt(call, gpt, ids, chunk));
    return inFloat32(call, made);
  }

  /** One micro-batch of the loop. */
  readonly trainer: Trainer = (m) => {
    if (this.before.length > 0) this.count();
    this.markUnused();
    const batch = this.batch();
    for (const each of this.before) m.release(each);
    this.before = batch.all;
    return { tensors: [], holdsLoss: true, loss: () => [this.hold(this.loss(batch))] };
  };

  /** Gradients that no optimizer has are gradients all the same. */
  private markUnused(): void {
    const { stable } = this.gpt;
    if (stable === undefined) return;
    for (const { grad } of [stable.weight, stable.scale, stable.offset])
      if (grad !== undefined) this.m.markAs(grad, "gradients");
  }

  private hold(loss: Tensor): Tensor {
    this.logged = this.m.retain(loss);
    return loss;
  }

  /** Tokens of the micro-batch before are added up; what is logged of them stays until the next time. */
  private count(): void {
    const { m } = this;
    for (let each = 0; each < COUNTERS - 1; each += 1) m.consume(m.empty("sum", [], "int64"));
    if (this.logged !== undefined) m.release(this.logged);
    const total = m.retain(m.empty("mul", [], "int64"));
    if (this.total !== undefined) m.release(this.total);
    this.total = total;
  }

  private loss({ ids, labels }: Batch): Tensor {
    const { m } = this;
    return m.frame((frame) => {
      const logits = this.logits(ids, { chunk: CHUNK, isTraining: true });
      const last = logits.at(-1) ?? missing();
      const kept = [...logits.slice(0, -1), slice(m, last, 1, [0, last.size(1) - 1])];
      for (const each of kept) m.retain(each);
      for (const each of this.kept) m.release(each);
      this.kept = kept;
      for (const each of kept) frame.hold(each);
      return m.withKind("logits", () => chunkedLoss(m, kept, labels));
    });
  }
}
