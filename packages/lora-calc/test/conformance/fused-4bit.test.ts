/** When bitsandbytes 0.50 leaves a 4-bit weight packed, against its own rule. Goldens: conformance/fused_4bit.py. */

import { expect, it } from "vitest";
import { fuses4bit } from "../../src/catalogue/fused-4bit.js";
import type { Packed4bit } from "../../src/catalogue/fused-4bit.js";
import { readGoldens } from "./goldens.js";

interface Row extends Omit<Packed4bit, "tokens"> {
  readonly asked: readonly number[];
  readonly fused: readonly number[];
}

it("is told as bitsandbytes tells it, for every card, shape and number of tokens", () => {
  const rows = readGoldens("fused-4bit.jsonl.gz") as readonly Row[];
  expect(rows.length).toBeGreaterThan(5000);
  const wrong = rows.filter(({ asked, fused, ...weight }) => {
    const ours = asked.filter((tokens) => fuses4bit({ ...weight, tokens }));
    return ours.join() !== fused.join();
  });
  expect(wrong.slice(0, 3)).toEqual([]);
});
