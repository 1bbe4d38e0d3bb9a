/** Links that people have: written by version 1 before anything of the table of fields was, each with what it means. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeRuns } from "../../src/exchange/link.js";

interface Golden {
  readonly link: string;
  readonly scenario: unknown;
  readonly pinned?: unknown;
}

const lines = readFileSync(new URL("links-version-1.jsonl", import.meta.url), "utf8").trim();
const goldens = lines.split("\n").map((line) => JSON.parse(line) as Golden);

describe("a link of version 1", () => {
  it.each(goldens)("opens: $link", ({ link, ...runs }) => {
    expect(decodeRuns(link)).toEqual(runs);
  });
});
