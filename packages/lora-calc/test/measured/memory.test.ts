/** Peaks that other people measured on real GPUs, and the table of them in docs/measured.md. */

import { describe, expect, it } from "vitest";
import { MIB } from "../../src/units/format.js";
import { measured, predicted, unscored } from "./predict.js";
import type { Program, Row } from "./predict.js";

/** Bars of the project on a measured peak. Reserved of the 1.5B model on the T4 is 10 % above the allocator's rules; why is open. */
const ALLOCATED_TOLERANCE = 0.01;
const RESERVED_TOLERANCE = { rtx4080: 0.08, t4: 0.11 };
const CARDS = ["rtx4080", "t4"] as const;

describe.each(CARDS)("peaks measured on a %s", (card) => {
  const program = measured[card];
  it.each(program.rows)(
    "$model $quantized s$length b$batch checkpointing $checkpointing: $allocated MiB",
    (row) => {
      const memory = predicted(card, program, row);
      const errorOf = (bytes: number, mib: number): number => Math.abs(bytes / MIB / mib - 1);
      expect(errorOf(memory.allocated_peak, row.allocated)).toBeLessThan(ALLOCATED_TOLERANCE);
      expect(errorOf(memory.reserved_peak, row.reserved)).toBeLessThan(RESERVED_TOLERANCE[card]);
    },
  );
});

const NAMES = { rtx4080: "RTX 4080", t4: "Tesla T4" };

function scoredLine(card: (typeof CARDS)[number], program: Program, row: Row): string {
  const { allocated_peak, reserved_peak } = predicted(card, program, row);
  const { quantized = true, batch = 1, checkpointing = true } = row;
  const cells = [allocated_peak, reserved_peak].flatMap((bytes, index) => {
    const mib = index === 0 ? row.allocated : row.reserved;
    const error = 100 * (bytes / MIB / mib - 1);
    return [mib.toFixed(0), (bytes / MIB).toFixed(0), `${error < 0 ? "−" : "+"}${Math.abs(error).toFixed(1)} %`];
  });
  const length = row.length ?? Number(program.training["max_length"]);
  const run = `${quantized ? "4-bit" : "16-bit"}, ${batch} × ${length}${checkpointing ? "" : ", no checkpointing"}`;
  return `| ${[NAMES[card], row.model, run, ...cells].join(" | ")} |`;
}

function table(): string {
  const scored = CARDS.flatMap((card) =>
    measured[card].rows.map((row) => scoredLine(card, measured[card], row)),
  );
  const missed = unscored.map(
    ({ id, model, gpu, why, source }) => `| [${id}](${source}) | ${model} | ${gpu} | ${why.join("; ")} |`,
  );
  return [
    "# Measured peaks",
    "",
    "What people measured, and what lora-calc says about the same run. MiB; nothing is fitted to these rows. Written by",
    "`packages/lora-calc/test/measured/memory.test.ts`.",
    "",
    ...CARDS.map((card) => `- ${NAMES[card]}: ${measured[card].source}`),
    "",
    "| Card | Model | Run | Allocated | Predicted | Error | Reserved | Predicted | Error |",
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...scored,
    "",
    "## Not scored",
    "",
    `The other ${unscored.length} published runs on T4 and V100 cards that we know of do not say enough, or run what is not computed.`,
    "",
    "| Run | Model | Card | What is missing |",
    "| --- | --- | --- | --- |",
    ...missed,
    "",
  ].join("\n");
}

it("stands in docs/measured.md as predicted today", async () => {
  expect(unscored.every(({ why }) => why.length > 0)).toBe(true);
  await expect(table()).toMatchFileSnapshot("../../../../docs/measured.md");
});
