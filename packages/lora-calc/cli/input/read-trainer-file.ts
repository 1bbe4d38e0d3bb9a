/** The file of a trainer at a path: YAML or JSON by its keys, Python by its calls. */

import { readPythonScript, readTrainerFile } from "lora-calc";
import type { TrainerFile } from "lora-calc";
import { readDocument, readPython } from "lora-calc/files";

const IS_PYTHON = /\.(?:py|ipynb)$/i;

/** What a path holds: what a trainer reads, where it is that. */
export interface FoundFile {
  readonly name: string;
  /** Plain data of YAML or JSON; undefined for Python. */
  readonly value: unknown;
  /** Undefined for the file of no trainer that is read. */
  readonly file: TrainerFile | undefined;
  /** Line of each key at the top of a YAML text, from 1. */
  readonly lines: ReadonlyMap<string, number>;
}

export async function readFoundFile(path: string): Promise<FoundFile> {
  if (IS_PYTHON.test(path)) {
    const { name, script } = await readPython(path);
    return { name, value: undefined, file: readPythonScript(script), lines: new Map() };
  }
  const { name, value, asPython, lines } = await readDocument(path);
  return { name, value, file: readTrainerFile(asPython), lines };
}
