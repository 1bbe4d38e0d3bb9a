/** Ways in which tools come to other numbers than PEFT for the same run. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import { HEADS_BY_TASK } from "../../adapter/plan/task-type.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { parameterCount, sitesOf } from "../../graph/tree/sites.js";
import { quantizedModules } from "../../memory/settings/quantization.js";
import { elementCount } from "../../units/dtype.js";
import { formatCount } from "../../units/format.js";

/** One way to count, and what it gives. */
export interface Reading {
  readonly code: ReadingCode;
  readonly count: number;
  /** What is counted so, or why; empty for PEFT's own way. */
  readonly message: string;
}

export const READING_CODES = {
  same: "What PEFT prints.",
  sharded: "The share of one process: FSDP and ZeRO-3 split the parameters.",
  without_head: "Without the head of the task, which PEFT trains and copies since 2023.",
  originals_train: "The originals of copied modules train, too: a fault of early PEFT.",
  none_trainable: "Nothing trains: the adapter was loaded for inference.",
  nothing_frozen: "The base is not frozen.",
  packed_4bit: "4-bit weights are counted as the bytes that hold them.",
  base_alone: "The whole is the base without the adapter.",
  other_ties:
    "The output embedding is counted as tied, or apart, where the checkpoint is otherwise.",
  tied_twice: "Weights that two modules share are counted twice.",
  resized: "The embeddings have other rows than the vocabulary of the configuration.",
} as const satisfies Record<string, string>;

export type ReadingCode = keyof typeof READING_CODES;

const PROCESSES = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128] as const;

/** What can be taken for the trainable parameters. */
export function trainableReadings(graph: ModuleGraph, plan: AdapterPlan): readonly Reading[] {
  const { trainable, all, copies } = plan;
  const base = parameterCount(graph);
  const isHead = Object.values(HEADS_BY_TASK).flat();
  const sizeOf = (some: AdapterPlan["copies"]): number =>
    some.reduce((sum, { site, parameterCount: size }) => sum + site.count * size, 0);
  const heads = sizeOf(copies.filter(({ site }) => isHead.includes(site.node.name)));
  return [
    { code: "same", count: trainable, message: "" },
    ...shares(trainable),
    ...(heads === 0
      ? []
      : [
          reading(
            "without_head",
            trainable - heads,
            `without the head of the task (${formatCount(heads)}): PEFT of early 2023 did not copy and train it, and without task_type it still does not`,
          ),
        ]),
    ...(copies.length === 0
      ? []
      : [
          reading(
            "originals_train",
            trainable + sizeOf(copies),
            `with the originals of the modules in modules_to_save (${formatCount(sizeOf(copies))}), which early PEFT left trainable beside their copies`,
          ),
        ]),
    reading(
      "none_trainable",
      0,
      "nothing trains: PeftModel.from_pretrained freezes an adapter unless is_trainable=True; PEFT 0.7.1 also froze adapters that are not called default",
    ),
    reading("nothing_frozen", base, "the base trains and the adapter does not: it was not frozen"),
    reading("nothing_frozen", all, "the base trains beside the adapter: it was not frozen"),
  ];
}

/** What can be taken for all parameters; `head` is left out of the whole as it is out of the trainable ones. */
export function allReadings(graph: ModuleGraph, plan: AdapterPlan): readonly Reading[] {
  const { all } = plan;
  const base = parameterCount(graph);
  const packed = packedParameters(graph);
  const tied = tiedParameters(graph);
  return [
    { code: "same", count: all, message: "" },
    reading(
      "packed_4bit",
      all - packed / 2,
      `4-bit weights counted as the bytes that hold them, two parameters in each: sum(p.numel()) gives half of the ${formatCount(packed)} quantized parameters`,
    ),
    reading(
      "packed_4bit",
      all - (3 * packed) / 4,
      `4-bit weights counted as the 16-bit scalars that hold them (bnb_4bit_quant_storage), four parameters in each, ${formatCount(packed)} in all`,
    ),
    reading(
      "base_alone",
      base,
      "the base without the adapter, as MLX and num_parameters() of the base count",
    ),
    ...(tied === 0
      ? []
      : [
          reading(
            "tied_twice",
            all + tied,
            `tied weights (${formatCount(tied)}) counted under both names`,
          ),
        ]),
    ...ownHead(graph, all),
    ...shares(all),
  ];
}

/** The output embedding of its own that a checkpoint may hold, or the configuration's tie of it. */
function ownHead(graph: ModuleGraph, all: number): readonly Reading[] {
  for (const { node, count } of sitesOf(graph)) {
    const head = node.parameters.find(({ isDeclaredTied }) => isDeclaredTied === true);
    if (head === undefined) continue;
    const size = count * elementCount(head.shape);
    return [
      reading(
        "other_ties",
        all - size,
        `the output embedding tied to the input's (${formatCount(size)} fewer): transformers 4 ties what the configuration says, whatever the checkpoint holds (model.ties config)`,
      ),
    ];
  }
  return [];
}

/** Rows more or less in the embedding, and in the head that is not tied to it; undefined where no whole row fits. */
export function resizedReading(
  graph: ModuleGraph,
  all: number,
  printed: number,
): Reading | undefined {
  const tables = sitesOf(graph).filter(
    ({ path, node }) =>
      [graph.inputEmbedding, graph.outputEmbedding].includes(path) &&
      node.parameters.some(({ name, tiedTo }) => name === "weight" && tiedTo === undefined),
  );
  const [first] = tables;
  const rows = first?.node.layer?.kind === "embedding" ? first.node.layer.rows : undefined;
  const width = tables.reduce((sum, { node }) => sum + rowWidth(node.layer), 0);
  const change = (printed - all) / width;
  if (rows === undefined || !Number.isInteger(change) || change === 0) return undefined;
  if (change <= -rows || Math.abs(change) > MAX_NEW_ROWS) return undefined;
  return reading(
    "resized",
    printed,
    `a vocabulary of ${formatCount(rows + change)} rows in place of ${formatCount(rows)}: resize_token_embeddings, or an other checkpoint of the same sizes`,
  );
}

/** More than people add to a vocabulary; beyond it, a fit says nothing. */
const MAX_NEW_ROWS = 200_000;

function rowWidth(layer: ReturnType<typeof sitesOf>[number]["node"]["layer"]): number {
  if (layer?.kind === "embedding") return layer.dim;
  return layer?.kind === "linear" ? layer.inFeatures : 0;
}

/** One process of several, which may hold one parameter more than its share. */
function shares(count: number): readonly Reading[] {
  return PROCESSES.filter((processes) => count % processes === 0 && count > 0).map((processes) =>
    reading(
      "sharded",
      count / processes,
      `the share of one of ${processes} processes: FSDP and ZeRO-3 split every parameter, and what is counted after that is a part`,
    ),
  );
}

function reading(code: ReadingCode, count: number, message: string): Reading {
  return { code, count, message };
}

function packedParameters(graph: ModuleGraph): number {
  const isQuantized = quantizedModules(graph);
  return sitesOf(graph).reduce((sum, { node, path, count }) => {
    const weight = node.parameters.find(({ name }) => name === "weight");
    if (weight === undefined || weight.tiedTo !== undefined || !isQuantized(node, path)) return sum;
    return sum + count * elementCount(weight.shape);
  }, 0);
}

function tiedParameters(graph: ModuleGraph): number {
  return sitesOf(graph).reduce(
    (sum, { node, count }) =>
      node.parameters.reduce(
        (inner, { shape, tiedTo }) =>
          inner + (tiedTo === undefined ? 0 : count * elementCount(shape)),
        sum,
      ),
    0,
  );
}
