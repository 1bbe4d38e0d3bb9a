/** The Python of a Jupyter notebook, cell after cell. */

import { isObject, parseJson } from "lora-calc";

export interface PythonText {
  readonly text: string;
  /** Where a line, from 0, stands. */
  readonly placeOf: (line: number) => string;
}

/** A text as it is, line by line. */
export function plainText(text: string): PythonText {
  return { text, placeOf: (line) => `line ${line + 1}` };
}

/** Lines that IPython reads, not Python: magics, shell commands and help. A cell of another language is none of Python. */
const MAGIC = /^\s*[%!?]/;
const WHOLE_CELL = /^%%(?!capture|time)/;

/** Undefined for JSON that is no notebook. */
export function notebookText(json: string, name: string): PythonText | undefined {
  const value = parseJson(json, name);
  const cells = isObject(value) ? value["cells"] : undefined;
  if (!Array.isArray(cells)) return undefined;
  const lines: string[] = [];
  const places: string[] = [];
  cells.forEach((cell: unknown, index) => {
    if (!isObject(cell) || cell["cell_type"] !== "code") return;
    const { source } = cell;
    const text = Array.isArray(source) ? source.join("") : typeof source === "string" ? source : "";
    if (WHOLE_CELL.test(text)) return;
    let goesOn = false;
    text.split("\n").forEach((line, at) => {
      const isMagic = goesOn || MAGIC.test(line);
      // A block of magics alone has to stay a block.
      lines.push(goesOn ? "" : isMagic ? line.replace(/\S.*$/, "pass") : line);
      goesOn = isMagic && line.endsWith("\\");
      places.push(`cell ${index + 1}, line ${at + 1}`);
    });
  });
  return { text: lines.join("\n"), placeOf: (line) => places[line] ?? `line ${line + 1}` };
}
