/** Runs the examples of the library's comments: `Example: call(...) // value`. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
/** An expression and, behind two slashes on the same or the next line, its value. */
const EXAMPLE = /Example: (.+?)(?:\s*\n\s*\*)?\s+\/\/ (.+?)(?: \*\/)?$/gm;

interface Example {
  readonly expression: string;
  readonly value: string;
}

function examplesIn(text: string): readonly Example[] {
  return [...text.matchAll(EXAMPLE)].map(([, expression = "", value = ""]) => ({
    expression,
    value,
  }));
}

const FILES = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => ({ path, examples: examplesIn(readFileSync(join(SOURCE, path), "utf8")) }))
  .filter(({ examples }) => examples.length > 0);

describe.each(FILES)("$path", ({ path, examples }) => {
  it.each(examples)("$expression is $value", async ({ expression, value }) => {
    const names = (await import(pathToFileURL(join(SOURCE, path)).href)) as Record<string, unknown>;
    const evaluate = (code: string): unknown => runInNewContext(`(${code})`, { ...names });
    expect(JSON.stringify(evaluate(expression))).toBe(JSON.stringify(evaluate(value)));
  });
});

describe("comments", () => {
  it("have examples", () => {
    expect(FILES.flatMap(({ examples }) => examples).length).toBeGreaterThan(15);
  });
});
