/**
 * A handful of the goldens, each compared inside its own test: what `npm run mutate` tries to fool. Not part of `npm test`,
 * which compares all of them.
 */

import { describe, expect, it } from "vitest";
import { compare, readModels } from "../conformance/counted-cases.js";
import {
  comparePublishedCounts,
  comparePublishedFile,
  published,
} from "../conformance/compare-published.js";
import { compareSaved, savedCases } from "../conformance/compare-saved.js";
import { compareTape, readTapes } from "../conformance/compare-tape.js";
import { compareTrace, DIFFERENCES, readTraces } from "../conformance/compare-traces.js";
import type { MemoryGolden } from "../conformance/compare-traces.js";
import { parseRegex } from "../../src/adapter/regex/parse-regex.js";
import { judge, patterns } from "../conformance/judged-patterns.js";

function everyNth<Row>(rows: readonly Row[], n: number): readonly Row[] {
  return rows.filter((_, index) => index % n === 0);
}

type NamedTrace = readonly [id: string, file: string, golden: MemoryGolden];

function tracesOf(name: string): readonly NamedTrace[] {
  return readTraces(name).map((golden) => [golden.scenario.id, name, golden]);
}

/** The first of every model: ids begin with its name. */
function ofEveryModel(traces: readonly NamedTrace[]): readonly NamedTrace[] {
  const firsts = new Map<string, NamedTrace>();
  for (const trace of traces) {
    const [model = ""] = trace[0].split(" ");
    if (!firsts.has(model)) firsts.set(model, trace);
  }
  return [...firsts.values()];
}

describe("tapes", () => {
  it.each(readTapes("tapes.jsonl.gz"))("$scenario.id", compareTape);
});

describe("traces", () => {
  it.each([
    ...everyNth(tracesOf("judged.jsonl.gz"), 2),
    ...ofEveryModel(tracesOf("memory.jsonl.gz")),
    ...everyNth(tracesOf("memory.jsonl.gz"), 40),
  ])("%s", (id, name, golden) => {
    for (const { differences, expected, memory } of compareTrace(golden)) {
      expect(differences).toEqual(DIFFERENCES[name]?.[id] ?? [0, 0, 0]);
      const { phase, op } = expected.peak_event;
      expect(memory?.peak).toMatchObject({ phase, op });
    }
  });
});

describe("counts", () => {
  const files = [
    ["counts.jsonl.gz", 2],
    ["crossed-names.jsonl.gz", 4],
    ["method-counts.jsonl.gz", 1],
    ["layer-counts.jsonl.gz", 1],
  ] as const;
  it.each(files.flatMap(([name, n]) => everyNth(readModels(name), n)))("$id", compare);

  const untied = readModels("unequal-ties.jsonl.gz").map((model) => ({
    ...model,
    ties: "checkpoint" as const,
  }));
  it.each(everyNth(untied, 20))("$id, with an own head", compare);
});

describe("published adapters", () => {
  const some = everyNth(published, 3);
  it.each(some)("counts on $id", comparePublishedCounts);
  it.each(some)("files on $id", comparePublishedFile);
});

describe("saved files", () => {
  it.each(everyNth(savedCases, 20))("$id", compareSaved);
});

describe("regular expressions", () => {
  const BATCH = 25;
  const batches = Array.from({ length: Math.ceil(patterns.length / BATCH) }, (_, index) => ({
    index,
    rows: patterns.slice(index * BATCH, (index + 1) * BATCH),
  }));

  it.each(batches)("batch $index", ({ rows }) => {
    for (const row of rows) {
      if (row.error === undefined) expect(judge(row.pattern)).toEqual(row);
      else expect(() => parseRegex(row.pattern)).toThrow(/^\w/);
    }
  });
});
