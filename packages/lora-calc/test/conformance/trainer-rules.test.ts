/** What a trainer's own parser refuses is an error here, and what it takes is none. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readTrainerFile } from "../../src/formats/read-file.js";
import { parseJson } from "../../src/exchange/parse-json.js";

interface Row {
  readonly target: string;
  readonly id: string;
  readonly file: unknown;
  /** What the parser said. */
  readonly refused?: string;
}

const RECORD = readFileSync(new URL("trainer-rules.jsonl", import.meta.url), "utf8");
const ROWS = RECORD.trim()
  .split("\n")
  .map((line) => parseJson(line, "trainer-rules.jsonl") as Row);

describe("a file that the trainer refuses", () => {
  it.each(ROWS.map((row) => [`${row.target}: ${row.id}`, row] as const))("%s", (_, row) => {
    const errors = readTrainerFile(row.file)?.findings.filter(({ level }) => level === "error") ?? [];
    const isOldName = row.id === "an old name";
    // Old names are read, and told as such.
    const told = isOldName ? readTrainerFile(row.file)?.findings.map(({ code }) => code) : errors.map(({ code }) => code);
    expect([row.id, (told ?? []).length > 0]).toEqual([row.id, row.refused !== undefined]);
  });

  it("is one of 27, beside the clean one of each trainer", () => {
    expect(ROWS.filter(({ id }) => id === "clean").map(({ refused }) => refused)).toEqual([
      ...[undefined, undefined, undefined],
    ]);
    expect(ROWS.filter(({ refused }) => refused !== undefined).length).toBe(27);
  });
});
