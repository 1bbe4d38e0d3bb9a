/**
 * Steps on the flash-attn package, rows apart and packed into one: what its functions and its extension allocate
 * (conformance/flash_attention.py) under real transformers, PEFT and TRL's losses. Goldens: conformance/flash_cases.py.
 */

import { describe, expect, it } from "vitest";
import { compareTape, readTapes } from "./compare-tape.js";

const tapes = readTapes("tapes-flash.jsonl.gz");

describe("a symbolic step on flash-attn allocates and frees what the real one does", () => {
  for (const golden of tapes) it(golden.scenario.id, () => compareTape(golden));
});

it("is compared under two releases of transformers, packed and not", () => {
  const ids = tapes.map(({ scenario }) => scenario.id);
  for (const part of ["5.18.0", "5.24.0"]) {
    const own = ids.filter((id) => id.endsWith(part));
    expect(own.length).toBeGreaterThanOrEqual(7);
    expect(own.filter((id) => id.includes("packed")).length).toBeGreaterThanOrEqual(2);
  }
});
