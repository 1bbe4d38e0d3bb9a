/** What is kept while a text is followed: calls, remarks, and how far it has gone. */

import type { PythonCall, PythonNote } from "lora-calc";
import type { SyntaxNode } from "@lezer/common";
import type { PythonText } from "./notebook.js";
import type { Inner, Scope } from "./values.js";

/** Statements and expressions that are followed at most: a long training script has 20,000. */
const MAX_STEPS = 400_000;
/** Functions within functions. */
const MAX_DEPTH = 24;

type Follow = (machine: Machine, body: SyntaxNode, scope: Scope) => unknown;
type Bound = ReadonlyMap<string, Inner>;

export class Machine {
  readonly calls: PythonCall[] = [];
  readonly notes: PythonNote[] = [];
  /** Functions that were followed where they are handed on. */
  readonly handedOn = new Set<number>();
  #steps = 0;
  #depth = 0;
  readonly #lineStarts: readonly number[];

  readonly source: PythonText;
  readonly #follow: Follow;

  constructor(source: PythonText, follow: Follow) {
    this.source = source;
    this.#follow = follow;
    const starts = [0];
    for (let at = source.text.indexOf("\n"); at >= 0; at = source.text.indexOf("\n", at + 1))
      starts.push(at + 1);
    this.#lineStarts = starts;
  }

  text(node: SyntaxNode): string {
    return this.source.text.slice(node.from, node.to);
  }

  /** False when the text is too long to be followed further. */
  step(): boolean {
    this.#steps += 1;
    return this.#steps <= MAX_STEPS;
  }

  at(node: SyntaxNode): string {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= node.from) low = middle;
      else high = middle - 1;
    }
    return this.source.placeOf(low);
  }

  /** Once, where it is first taken so. */
  note(node: SyntaxNode, text: string): void {
    if (this.notes.some((each) => each.text === text)) return;
    this.notes.push({ at: this.at(node), text });
  }

  /** What a function gives back for its arguments; undefined where it calls too deep. */
  run(body: SyntaxNode, scope: Scope, bound: Bound): readonly Inner[] | undefined {
    if (this.#depth >= MAX_DEPTH) return undefined;
    this.#depth += 1;
    for (const [name, value] of bound) scope.names.set(name, value);
    this.#follow(this, body, scope);
    this.#depth -= 1;
    return scope.returned;
  }
}

/** Parts of a node, comments left out. */
export function partsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const parts: SyntaxNode[] = [];
  for (let part = node.firstChild; part !== null; part = part.nextSibling)
    if (part.name !== "Comment") parts.push(part);
  return parts;
}

/** A list of parts, split at its commas, brackets left out. */
export function splitAtCommas(parts: readonly SyntaxNode[]): readonly (readonly SyntaxNode[])[] {
  const groups: SyntaxNode[][] = [[]];
  for (const part of parts) {
    if (part.name === ",") groups.push([]);
    else if (!/^[()[\]{}]$/.test(part.name)) groups.at(-1)?.push(part);
  }
  return groups.filter((group) => group.length > 0);
}
