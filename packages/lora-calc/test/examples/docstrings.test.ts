/** Runs the examples of the library's comments: `Example: call(...) // value`. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import * as publicNames from "../../src/index.js";
import * as teachNames from "../../src/teach.js";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
const COMMENT = /\/\*\*.*?\*\//gs;
/** Code of one or more lines and, behind two slashes, the value of its last expression. */
const EXAMPLE = /Example: (.+?)\s+\/\/ ([^\n]+)/gs;

interface Example {
  readonly code: string;
  readonly value: string;
}

/** Without their stars. */
function commentsIn(text: string): readonly string[] {
  const comments = text.match(COMMENT) ?? [];
  return comments.map((comment) => comment.replace(/\s*\*\/$/, "").replace(/\n\s*\* ?/g, "\n"));
}

function examplesIn(text: string): readonly Example[] {
  return commentsIn(text).flatMap((comment) =>
    [...comment.matchAll(EXAMPLE)].map(([, code = "", value = ""]) => ({ code, value })),
  );
}

const FILES = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => ({ path, text: readFileSync(join(SOURCE, path), "utf8") }))
  .filter(({ text }) => commentsIn(text).some((comment) => comment.includes("Example:")));

describe.each(FILES)("$path", ({ path, text }) => {
  it.each(examplesIn(text))("$code is $value", async ({ code, value }) => {
    const own = (await import(pathToFileURL(join(SOURCE, path)).href)) as Record<string, unknown>;
    const evaluate = (script: string): unknown =>
      runInNewContext(script, { ...publicNames, ...teachNames, ...own });
    expect(JSON.stringify(evaluate(code))).toBe(JSON.stringify(evaluate(`(${value})`)));
  });

  it("has no example that is not run", () => {
    const named =
      commentsIn(text)
        .join("\n")
        .match(/Example:/g) ?? [];
    expect(examplesIn(text)).toHaveLength(named.length);
  });
});

describe("comments", () => {
  it("have examples", () => {
    expect(FILES.flatMap(({ text }) => examplesIn(text)).length).toBeGreaterThan(45);
  });
});
