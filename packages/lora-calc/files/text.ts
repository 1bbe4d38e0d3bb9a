/** The public names of lora-calc/text: a training file or script as text, read in any runtime. */

import { readPythonScript, readTrainerFile } from "lora-calc";
import type { FileFinding, TrainerFile } from "lora-calc";
import { linesOfKeys, parsePythonYaml, parseYaml } from "./parse-yaml.js";
import { parsePython } from "./python/parse-python.js";

export { parsePython, parsePythonYaml, parseYaml };

/** What a text holds. */
export interface TrainingText {
  /** Undefined for the text of no trainer that is read. */
  readonly file: TrainerFile | undefined;
  /** Plain data of YAML or JSON; undefined for Python. */
  readonly value: unknown;
}

/**
 * A trainer's file, a training script or a notebook, by the end of its name (.yaml, .json, .py, .ipynb), else by what stands in it.
 * Findings say where: `line 12`, or `cell 3, line 2`.
 *
 * Throws an InputError: invalid_yaml, invalid_json (a notebook), limit_exceeded.
 * Example: readTrainingText("base_model: gpt2\nadapter: lora\n", "config.yaml").file?.trainer // "Axolotl"
 */
export function readTrainingText(text: string, name: string): TrainingText {
  if (isPython(text, name))
    return { file: readPythonScript(parsePython(text, name)), value: undefined };
  const value = parseYaml(text, name);
  const file = readTrainerFile(parsePythonYaml(text, name));
  return { file: file === undefined ? undefined : placed(file, text), value };
}

function isPython(text: string, name: string): boolean {
  if (/\.(?:py|ipynb)$/i.test(name)) return true;
  if (/\.(?:ya?ml|json)$/i.test(name)) return false;
  return /^\s*(?:from\s+[\w.]+\s+import\s|import\s+\w)/m.test(text);
}

/** A JSON text is YAML, too; of one in a single line the line says nothing. */
function placed(file: TrainerFile, text: string): TrainerFile {
  const lines = linesOfKeys(text);
  const findings = file.findings.map((each): FileFinding => {
    const line = lines.get(each.key.split(".")[0] ?? "");
    return line === undefined ? each : { at: `line ${line}`, ...each };
  });
  return { ...file, findings };
}
