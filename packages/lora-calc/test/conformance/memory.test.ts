/**
 * Peaks against traces of the real code over models and settings. Goldens: conformance/memory_goldens.py (full-size
 * models) and conformance/judged_goldens.py (203 runs over every family, loss, optimizer, precision and trained copy);
 * torch 2.13; transformers, PEFT and TRL of the world that a scenario names, 5.18, 0.21 and 1.13 where it names none.
 */

import { asScenario } from "../../src/exchange/as-scenario.js";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { isRefusal } from "../../src/result.js";
import { compareTrace, DIFFERENCES, readTraces, TIERS } from "./compare-traces.js";
import type { Tier } from "./compare-traces.js";

/** The worst of them, as a bar that no record may pass. */
const WORST: Readonly<Record<Tier, number>> = {
  allocated_peak: 0.014,
  reserved_peak: 0.024,
  reserved_peak_expandable: 0.044,
};
const MIN_EQUAL_EVENTS = 0.99;
/** Runs of a file. */
const AT_LEAST: Readonly<Record<string, number>> = {
  "memory.jsonl.gz": 600,
  "judged.jsonl.gz": 200,
  "memory-transformers-5.24.jsonl.gz": 300,
  "memory-transformers-4.57.jsonl.gz": 60,
  "memory-torch-2.14.jsonl.gz": 100,
};

it("says why a run with trained tokens on the head has no memory under chunked_nll, and counts it", () => {
  const tied = readTraces("memory.jsonl.gz").filter(
    ({ scenario: { adapter }, error }) =>
      error !== undefined &&
      typeof adapter === "object" &&
      adapter !== null &&
      "trainable_token_indices" in adapter,
  );
  expect(tied.length).toBeGreaterThan(0);
  for (const { scenario } of tied) {
    const result = estimate(asScenario({ ...scenario, training: { loss: "chunked_nll" } }));
    expect(isRefusal(result) ? undefined : peaksOf(result)).toBeUndefined();
    const warnings = isRefusal(result) ? [] : result.warnings;
    const warning = warnings.find(({ code }) => code === "memory_not_computed");
    // What TRL 1.13 raises, as traced.
    expect(warning?.message).toContain("'TrainableTokensWrapper' object has no attribute 'bias'");
  }
});

describe.each(Object.keys(DIFFERENCES))("a training step, against %s", (name) => {
  const compared = readTraces(name).flatMap(compareTrace);

  it("answers every traced scenario", () => {
    expect(compared.filter(({ memory }) => memory === undefined).map(({ id }) => id)).toEqual([]);
    expect(compared.length).toBeGreaterThanOrEqual(AT_LEAST[name] ?? 1);
  });

  it("is equal to the byte in every run and tier, but for what is recorded", () => {
    const found = compared.flatMap(({ id, differences }) =>
      differences.every((bytes) => bytes === 0) ? [] : [[id, differences] as const],
    );
    expect(Object.fromEntries(found)).toEqual(DIFFERENCES[name]);
  });

  it("is nowhere further off than the worst that is recorded", () => {
    for (const { id, expected } of compared) {
      const recorded = DIFFERENCES[name]?.[id] ?? [];
      TIERS.forEach((tier, index) => {
        expect(Math.abs(recorded[index] ?? 0) / expected[tier], id).toBeLessThan(WORST[tier]);
      });
    }
  });

  it("finds the same moment of the peak", () => {
    const equal = compared.filter(
      ({ expected, memory }) =>
        memory?.peak.phase === expected.peak_event.phase && memory.peak.op === expected.peak_event.op,
    );
    expect(equal.length / compared.length).toBeGreaterThanOrEqual(MIN_EQUAL_EVENTS);
  });
});

it("is told in README and CHANGELOG as it is", () => {
  const runs = Object.keys(DIFFERENCES).flatMap((name) =>
    readTraces(name).flatMap(({ scenario: { id }, expected }) =>
      expected === undefined ? [] : [{ expected, difference: DIFFERENCES[name]?.[id]?.[0] ?? 0 }],
    ),
  );
  const equal = runs.filter(({ difference }) => difference === 0).length;
  const worst = Math.max(
    ...runs.map(({ expected, difference }) => Math.abs(difference) / expected.allocated_peak),
  );
  const sentence = `Of ${runs.length} traces of the real code, ${equal} allocated peaks are equal to the byte, and the worst is ${(100 * worst).toFixed(1)} % off`;
  for (const file of ["README.md", "CHANGELOG.md"]) {
    const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
    expect(text.replace(/\s+/g, " ")).toContain(sentence);
  }
});
