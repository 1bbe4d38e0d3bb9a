/** Functions of the text: followed with what they are given, or with their defaults. */

import type { PythonValue } from "lora-calc";
import type { SyntaxNode } from "@lezer/common";
import { partsOf, splitAtCommas } from "./machine.js";
import type { Machine } from "./machine.js";
import { data, joined, listOf, Scope, unknown } from "./values.js";
import type { Inner } from "./values.js";

export type Evaluate = (machine: Machine, node: SyntaxNode, scope: Scope) => Inner;

/** Arguments of a call. */
export interface Given {
  readonly positional: readonly Inner[];
  readonly keywords: ReadonlyMap<string, Inner>;
  readonly more: readonly PythonValue[];
}

/** A call, and where names are looked up. */
export interface Place {
  readonly machine: Machine;
  readonly node: SyntaxNode;
  readonly scope: Scope;
  readonly evaluate: Evaluate;
}

type Function = Extract<Inner, { kind: "function" }>;

/** What a function of this text gives back for its arguments. */
export function ofFunction(
  called: Function,
  given: Given,
  { machine, node, scope, evaluate }: Place,
): Inner | undefined {
  const { definition } = called;
  const body = definition.getChild("Body");
  const list = definition.getChild("ParamList");
  if (body === null || list === null) return undefined;
  const inner = new Scope(called.scope, outermost(scope).inDefaultsOf);
  const bound = boundTo(machine, list, { given, scope: called.scope, evaluate });
  const returned = machine.run(body, inner, bound);
  if (returned === undefined) return undefined;
  return returned.length === 0
    ? data(null)
    : joined(returned, machine.text(node), machine.at(node));
}

/** Parameters with what they are given, else their defaults. */
function boundTo(
  machine: Machine,
  list: SyntaxNode,
  {
    given,
    scope,
    evaluate,
  }: { readonly given: Given | undefined; readonly scope: Scope; readonly evaluate: Evaluate },
): ReadonlyMap<string, Inner> {
  const bound = new Map<string, Inner>();
  const positional = [...(given?.positional ?? [])];
  const keywords = new Map(given?.keywords);
  for (const group of splitAtCommas(partsOf(list))) {
    const [head, starred] = group;
    if (head === undefined) continue;
    if (head.name === "*" || head.name === "**") {
      if (starred !== undefined)
        bound.set(
          machine.text(starred),
          head.name === "*" ? listOf(positional.splice(0)) : restOf(keywords),
        );
      continue;
    }
    const name = machine.text(head);
    const fallback = group.find((_, index) => group[index - 1]?.name === "AssignOp");
    const value = positional.shift() ?? keywords.get(name);
    keywords.delete(name);
    bound.set(
      name,
      value ??
        (fallback === undefined
          ? unknown(name, "is a parameter that nobody gives here")
          : evaluate(machine, fallback, scope)),
    );
  }
  return bound;
}

function restOf(keywords: ReadonlyMap<string, Inner>): Inner {
  return { kind: "dict", entries: new Map(keywords) };
}

/** A function that is handed on is called there, with what nobody knows here, and its defaults. */
export function followed(
  { definition, scope }: Function,
  machine: Machine,
  evaluate: Evaluate,
): void {
  if (machine.handedOn.has(definition.from)) return;
  machine.handedOn.add(definition.from);
  followDefaults(machine, { definition, scope }, evaluate);
}

/** A function with its parameters at their defaults. */
export function followDefaults(
  machine: Machine,
  { definition, scope }: Pick<Function, "definition" | "scope">,
  evaluate: Evaluate,
): void {
  const [body, list] = [definition.getChild("Body"), definition.getChild("ParamList")];
  const name = definition.getChild("VariableName");
  if (body === null || list === null) return;
  const inner = new Scope(scope, name === null ? "a function" : machine.text(name));
  machine.run(body, inner, boundTo(machine, list, { given: undefined, scope, evaluate }));
}

export function outermost(scope: Scope): { readonly inDefaultsOf: string | undefined } {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent)
    if (each.inDefaultsOf !== undefined) return { inDefaultsOf: each.inDefaultsOf };
  return { inDefaultsOf: undefined };
}
