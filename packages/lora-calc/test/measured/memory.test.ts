/** Peaks that other people measured on real GPUs. Sources stand in memory.json; nothing here is fitted to them. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { MIB } from "../../src/units/format.js";

interface Row {
  readonly model: string;
  readonly quantized?: boolean;
  readonly length?: number;
  readonly batch?: number;
  readonly checkpointing?: boolean;
  /** MiB. */
  readonly allocated: number;
  readonly reserved: number;
}

interface Program {
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

const measured = JSON.parse(
  readFileSync(new URL("memory.json", import.meta.url), "utf8"),
) as Measured;

/** Bars of the project on a measured peak. Reserved of the 1.5B model on the T4 is 10 % above the allocator's rules; why is open. */
const ALLOCATED_TOLERANCE = 0.01;
const RESERVED_TOLERANCE = { rtx4080: 0.08, t4: 0.11 };

function predicted({ adapter, quantization, training }: Program, row: Row) {
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
  });
  if (isRefusal(result) || result.memory === undefined) throw new Error("no memory");
  return result.memory;
}

describe.each(["rtx4080", "t4"] as const)("peaks measured on a %s", (card) => {
  const program = measured[card];
  it.each(program.rows)(
    "$model $quantized s$length b$batch checkpointing $checkpointing: $allocated MiB",
    (row) => {
      const memory = predicted(program, row);
      const errorOf = (bytes: number, mib: number): number => Math.abs(bytes / MIB / mib - 1);
      expect(errorOf(memory.allocated_peak, row.allocated)).toBeLessThan(ALLOCATED_TOLERANCE);
      expect(errorOf(memory.reserved_peak, row.reserved)).toBeLessThan(RESERVED_TOLERANCE[card]);
    },
  );
});
