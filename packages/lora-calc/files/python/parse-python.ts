/** Reads a Python text without running it; loaded only when a file needs it. */

import { parser } from "@lezer/python";
import type { SyntaxNode } from "@lezer/common";
import { InputError, reject } from "lora-calc";
import type { PythonScript } from "lora-calc";
import { followDefaults } from "./functions.js";
import { evaluate } from "./evaluate.js";
import { Machine } from "./machine.js";
import { notebookText, plainText } from "./notebook.js";
import { follow } from "./statements.js";
import { Scope } from "./values.js";

/**
 * The calls of a Python text or, by the name of its file, of a notebook. Literals, names, dicts, arithmetic, branches that are
 * decided in the text and functions of it are followed; the rest is `unknown`, with the reason.
 */
export function parsePython(text: string, name: string): PythonScript {
  const source = /\.ipynb$/i.test(name) ? notebookText(text, name) : plainText(text);
  if (source === undefined) {
    reject({
      code: "invalid_json",
      path: "",
      message: `${name} is no notebook: it has no cells`,
      expected: "a notebook of Jupyter",
    });
  }
  try {
    return scriptOf(new Machine(source, follow));
  } catch (error) {
    if (!(error instanceof RangeError) || error instanceof InputError) throw error;
    reject({
      code: "limit_exceeded",
      path: "",
      message: `${name} is nested too deep to be read`,
      expected: "a text of a few hundred levels",
    });
  }
}

function scriptOf(machine: Machine): PythonScript {
  const { topNode } = parser.parse(machine.source.text);
  const file = new Scope();
  follow(machine, topNode, file);
  runUncalled(machine, file, calledIn(machine, topNode));
  return { calls: machine.calls, notes: machine.notes };
}

/** Names of functions that are called somewhere in the text. */
function calledIn(machine: Machine, top: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  top.cursor().iterate(({ name, node }) => {
    if (name === "CallExpression" && node.firstChild?.name === "VariableName")
      names.add(machine.text(node.firstChild));
  });
  return names;
}

/** What a command line, a launcher or another file calls: with its defaults. */
function runUncalled(machine: Machine, file: Scope, called: ReadonlySet<string>): void {
  for (const [name, value] of [...file.names]) {
    if (value.kind !== "function" || called.has(name)) continue;
    if (!machine.handedOn.has(value.definition.from)) followDefaults(machine, value, evaluate);
  }
}
