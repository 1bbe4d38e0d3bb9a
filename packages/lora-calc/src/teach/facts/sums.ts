/** Two sums of a run as arithmetic on paper: what the adapters train, and what its tokens take. */

import type { Estimate, ModuleRow, ParameterCounts } from "../../result.js";
import type { Scenario } from "../../scenario.js";
import { trainingOf } from "./run-training.js";

/** Adapted modules of one shape. Unit: parameters. */
export interface RankLine {
  /** Last components of their paths. */
  readonly names: readonly string[];
  readonly modules: number;
  readonly rank: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** What each trains beside A and B, such as DoRA's magnitudes. */
  readonly beside: number;
  readonly parameters: number;
}

export interface RankSum {
  readonly lines: readonly RankLine[];
  /** Trained elsewhere: biases, modules trained in full. */
  readonly others: number;
  readonly total: number;
}

type Ranked = ModuleRow & Required<Pick<ModuleRow, "in_features" | "out_features" | "rank">>;

/**
 * The trainable parameters as rank × (in + out), module by module; undefined where no module has a rank.
 *
 * Example: rankSum(estimate({ model: "gpt2", adapter: { r: 8 } }).parameters)?.total // 294912
 */
export function rankSum({ by_module: rows = [], trainable }: ParameterCounts): RankSum | undefined {
  const groups = new Map<string, Ranked[]>();
  for (const row of rows.filter(isRanked)) {
    const each = row.trainable / row.count;
    const key = [row.rank, row.in_features, row.out_features, each].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  if (groups.size === 0) return undefined;
  const lines = [...groups.values()].flatMap(lineOf);
  const counted = lines.reduce((sum, { parameters }) => sum + parameters, 0);
  return { lines, others: trainable - counted, total: trainable };
}

function isRanked(row: ModuleRow): row is Ranked {
  return row.rank !== undefined && row.in_features !== undefined && row.out_features !== undefined;
}

function lineOf(rows: readonly Ranked[]): readonly RankLine[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { rank, in_features: inFeatures, out_features: outFeatures } = first;
  const modules = rows.reduce((sum, { count }) => sum + count, 0);
  const parameters = rows.reduce((sum, { trainable }) => sum + trainable, 0);
  return [
    {
      names: [...new Set(rows.map(({ path }) => path.slice(path.lastIndexOf(".") + 1)))],
      modules,
      rank,
      inFeatures,
      outFeatures,
      beside: first.trainable / first.count - rank * (inFeatures + outFeatures),
      parameters,
    },
  ];
}

const TOKEN_PARTS = ["checkpoints", "activations", "loss"] as const;

export interface TokenSum {
  readonly batch: number;
  readonly length: number;
  readonly tokens: number;
  /** What the tokens take at the peak, in the order of the parts. Unit: bytes. */
  readonly lines: readonly {
    readonly name: (typeof TOKEN_PARTS)[number];
    readonly bytes: number;
  }[];
  readonly bytes: number;
  readonly bytesPerToken: number;
}

/** What grows with the tokens of a step; undefined where memory is not computed. Example: tokenSum({}, estimate({ model: "gpt2" })) // undefined */
export function tokenSum(
  scenario: Pick<Scenario, "training">,
  estimate: Pick<Estimate, "assumed" | "memory">,
): TokenSum | undefined {
  const { memory } = estimate;
  if (memory === undefined || memory.at_least !== undefined) return undefined;
  const { batch, length } = trainingOf(scenario, estimate, { batch: 1, length: 1 });
  const lines = TOKEN_PARTS.map((name) => ({
    name,
    bytes: memory.parts.find((part) => part.name === name)?.bytes ?? 0,
  }));
  const bytes = lines.reduce((sum, line) => sum + line.bytes, 0);
  const tokens = batch * length;
  return { batch, length, tokens, lines, bytes, bytesPerToken: Math.round(bytes / tokens) };
}
