/** Measured runs as scenarios, and what lora-calc says about them. Nothing is fitted to these rows. */

import { readFileSync } from "node:fs";
import { estimate } from "../../src/estimate.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { isRefusal } from "../../src/result.js";
import type { Estimate, MemoryResult } from "../../src/result.js";
import type { JsonObject } from "../../src/problem/fields.js";

export interface Row {
  readonly model: string;
  readonly quantized?: boolean;
  readonly length?: number;
  readonly batch?: number;
  readonly checkpointing?: boolean;
  /** MiB. */
  readonly allocated: number;
  readonly reserved: number;
}

export interface Program {
  readonly source: string;
  readonly adapter: JsonObject;
  readonly quantization: JsonObject;
  readonly training: JsonObject;
  readonly rows: readonly Row[];
}

interface Measured {
  readonly configs: Readonly<Record<string, JsonObject>>;
  readonly rtx4080: Program;
  readonly t4: Program;
}

export const measured = readJson("memory.json") as Measured;

/** A published run on a T4 or V100 that cannot be predicted, and why. */
export interface Unscored {
  readonly id: string;
  readonly model: string;
  readonly gpu: string;
  readonly why: readonly string[];
  readonly source: string;
}

export const unscored = readJson("unscored.json") as readonly Unscored[];

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
}

const CARD_NAMES = { rtx4080: "RTX 4080", t4: "T4" } as const;
export type MeasuredCard = keyof typeof CARD_NAMES;

/** The run on the card it was measured on. */
export function predictedOn(
  card: MeasuredCard,
  { adapter, quantization, training }: Program,
  row: Row,
): Estimate {
  const { quantized = true, length, batch = 1, checkpointing = true } = row;
  const result = estimate({
    model: { config: measured.configs[row.model] },
    adapter,
    quantization: quantized ? quantization : null,
    training: {
      prepare_kbit: quantized,
      ...training,
      ...(length === undefined ? {} : { max_length: length }),
      per_device_train_batch_size: batch,
      gradient_checkpointing: checkpointing,
    },
    hardware: { gpu: CARD_NAMES[card] },
  });
  if (isRefusal(result) || peaksOf(result) === undefined) throw new Error("no memory");
  return result;
}

export function predicted(card: MeasuredCard, program: Program, row: Row): MemoryResult {
  const memory = peaksOf(predictedOn(card, program, row));
  if (memory === undefined) throw new Error("no memory");
  return memory;
}
