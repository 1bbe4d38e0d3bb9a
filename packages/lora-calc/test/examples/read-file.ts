/** Reads the file of a trainer in a test, which is one. */

import { readTrainerFile } from "../../src/formats/read-file.js";
import type { TrainerFile } from "../../src/formats/read-file.js";
import type { JsonObject } from "../../src/problem/fields.js";

/** Files that begin as `file` does. */
export function readerOf(file: JsonObject): (more: JsonObject) => TrainerFile {
  return (more) => {
    const found = readTrainerFile({ ...file, ...more });
    if (found === undefined) throw new Error("not recognized");
    return found;
  };
}

/** What is told, as "code key". */
export function codesOf({ findings }: TrainerFile): readonly string[] {
  return findings.map(({ code, key }) => `${code} ${key}`);
}
