/** Reads the committed goldens: JSON lines, compressed. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** The rows as data; the test that reads them knows their type. */
export function readGoldens(name: string): readonly unknown[] {
  const packed = readFileSync(new URL(name, import.meta.url));
  return gunzipSync(packed)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}
