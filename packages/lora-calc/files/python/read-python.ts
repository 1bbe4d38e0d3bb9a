/** Reads a Python text or a notebook from a disk. Its parser is loaded only when one is read. */

import type { PythonScript } from "lora-calc";
import { readText } from "../read-text.js";

/** The calls of a text, and the name of its source for messages. */
export interface PythonSource {
  readonly name: string;
  readonly script: PythonScript;
}

/**
 * The calls of the Python text at `path`, a notebook where its name ends in .ipynb. Nothing is run.
 *
 * Rejects with an InputError: unreadable_file, invalid_json (a notebook), limit_exceeded.
 */
export async function readPython(path: string): Promise<PythonSource> {
  const { name, text } = await readText(path);
  const { parsePython } = await import("./parse-python.js");
  return { name, script: parsePython(text, name) };
}
