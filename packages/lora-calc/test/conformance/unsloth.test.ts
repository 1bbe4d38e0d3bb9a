/**
 * Steps under Unsloth, against a stand-in for it: its forwards, backwards, checkpoints, losses and load as tensors, read from its
 * source (conformance/unsloth_model.py), under the real Trainer, PEFT and torch 2.13. Goldens: conformance/unsloth_goldens.py.
 */

import { describe, expect, it } from "vitest";
import { unslothRules, UNSLOTH_RELEASES } from "../../src/stacks/unsloth.js";
import { compareTape, readTapes } from "./compare-tape.js";
import { compareTrace, readTraces } from "./compare-traces.js";

const tapes = readTapes("tapes-unsloth.jsonl.gz");
const traces = readTraces("memory-unsloth.jsonl.gz");

describe("a symbolic step under Unsloth allocates and frees what the stand-in does", () => {
  for (const golden of tapes) it(golden.scenario.id, () => compareTape(golden));
});

describe("peaks under Unsloth, of published sizes", () => {
  const compared = traces.flatMap(compareTrace);

  it("answers every traced run", () => {
    expect(compared).toHaveLength(traces.length);
    expect(compared.length).toBeGreaterThanOrEqual(25);
  });

  it.each(compared)("$id: equal to the byte in every tier, and at the same moment", (run) => {
    const { memory, differences, expected } = run;
    expect(differences).toEqual([0, 0, 0]);
    const { phase, op } = expected.peak_event;
    expect(memory?.peak).toMatchObject({ phase, op });
  });
});

it("is compared for every row of the releases that does something else", () => {
  const seen = [...tapes, ...traces].map(({ scenario }) =>
    String((scenario as { readonly stack?: string }).stack).replace("unsloth-", ""),
  );
  const rows = new Set(UNSLOTH_RELEASES.map((release) => unslothRules(release)));
  const covered = new Set(
    UNSLOTH_RELEASES.filter((release) => seen.includes(release)).map((release) => unslothRules(release)),
  );
  expect(covered.size).toBe(rows.size);
  expect(rows.size).toBe(13);
});
