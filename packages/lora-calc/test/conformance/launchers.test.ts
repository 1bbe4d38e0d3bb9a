/**
 * Steps of trainers that bring a file of their own, against their released code: their parser, loader, adapters, checkpoints and
 * loss around the real transformers, PEFT and torch 2.13. Goldens: conformance/launcher_goldens.py.
 */

import { describe, expect, it } from "vitest";
import { compareTrace, DIFFERENCES, readTraces } from "./compare-traces.js";

describe.each(["llama-factory", "axolotl", "ms-swift", "litgpt"])("%s, with its own defaults", (launcher) => {
  const name = `memory-${launcher}.jsonl.gz`;
  const traces = readTraces(name);
  const compared = traces.flatMap(compareTrace);

  it("answers every traced run", () => {
    expect(compared).toHaveLength(traces.length);
    expect(compared.length).toBeGreaterThanOrEqual(10);
  });

  it.each(compared)("$id: equal to the byte in every tier, but for what is recorded", ({ id, differences }) => {
    expect(differences).toEqual(DIFFERENCES[name]?.[id] ?? [0, 0, 0]);
  });

  it("differs only where older releases of PEFT do", () => {
    const recorded = Object.entries(DIFFERENCES[name] ?? {});
    expect(recorded.length).toBeLessThan(traces.length / 10);
    for (const [id] of recorded) expect(id).toContain("DoRA");
  });
});
