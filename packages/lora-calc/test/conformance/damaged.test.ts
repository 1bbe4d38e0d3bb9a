/** Adapter files that something has happened to, as real PEFT takes them (conformance/damaged.py). */

import { expect, it } from "vitest";
import { auditAdapter } from "../../src/audit/audit-adapter.js";
import type { Finding } from "../../src/audit/findings.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { readGoldens } from "./goldens.js";

interface Case {
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly name: string;
  readonly adapter: JsonObject;
  readonly tensors: Readonly<Record<string, readonly [string, ...number[]]>>;
  readonly loaded:
    | { readonly trainable: number; readonly all: number; readonly missing: readonly string[] }
    | { readonly error: string; readonly message: string };
}

const [, ...cases] = readGoldens("damaged.jsonl.gz") as [unknown, ...Case[]];

function audited(golden: Case): ReturnType<typeof auditAdapter> {
  const { config, architecture, adapter } = golden;
  const model = architecture === null ? { config } : { config, architecture };
  return auditAdapter({ config: adapter, header: headerOf(golden), model });
}

function headerOf({ tensors }: Case): JsonObject {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, [dtype, ...shape]]) => [name, { dtype, shape }]),
  );
}

/** What PEFT does: it stops, finds some of the tensors or none, or all of them. */
function outcome({ loaded }: Case): string {
  if ("error" in loaded) return "stops";
  return loaded.missing.length === 0 ? "finds all" : `misses ${loaded.missing.length}`;
}

const UNFOUND = /^(\d+) of \d+ tensors are not in the file/;

/** The same from findings. Keys under which PEFT finds nothing make it miss every tensor. */
function foundOutcome(findings: readonly Finding[], tensors: number): string {
  if (findings.some(({ code }) => code === "old_key_format" && isError(code, findings)))
    return `misses ${tensors}`;
  const missing = findings.find(({ code }) => code === "missing_tensors");
  if (findings.some((finding) => finding.level === "error" && finding !== missing)) return "stops";
  return missing === undefined ? "finds all" : `misses ${UNFOUND.exec(missing.message)?.[1] ?? ""}`;
}

function isError(wanted: Finding["code"], findings: readonly Finding[]): boolean {
  return findings.some(({ code, level }) => code === wanted && level === "error");
}

it.each(cases)("$name", (golden) => {
  const audit = audited(golden);
  if ("error" in audit) {
    expect(golden.loaded).toHaveProperty("error");
    return;
  }
  const { findings, parameters } = audit;
  expect(foundOutcome(findings, Object.keys(golden.tensors).length)).toBe(outcome(golden));
  if ("error" in golden.loaded) return;
  const { trainable, all } = golden.loaded;
  expect(parameters).toMatchObject({ trainable, all });
});

it("says of a sound adapter nothing but which release it needs", () => {
  const [sound] = cases;
  if (sound === undefined) throw new Error("no cases");
  const audit = audited(sound);
  if ("error" in audit) throw new Error(audit.error.message);
  expect(audit.findings.map(({ code }) => code)).toEqual(["needs_newer_peft"]);
});
