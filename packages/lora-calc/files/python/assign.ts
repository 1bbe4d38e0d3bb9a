/** What sets a name, a part of a dict or list, or an attribute. */

import type { SyntaxNode } from "@lezer/common";
import { evaluate } from "./evaluate.js";
import { partsOf, splitAtCommas } from "./machine.js";
import type { Machine } from "./machine.js";
import { data, dictOf, entriesOf, itemsOf, listOf, unknown, withKeyword } from "./values.js";
import type { Inner, Scope } from "./values.js";

/** `a = b = value`, `a, b = value`, `a: int = value`. */
export function assign(machine: Machine, node: SyntaxNode, scope: Scope): void {
  const sides: SyntaxNode[][] = [[]];
  for (const part of partsOf(node)) {
    if (part.name === "AssignOp") sides.push([]);
    else if (part.name !== "TypeDef") sides.at(-1)?.push(part);
  }
  const last = sides.at(-1) ?? [];
  if (sides.length < 2) return;
  // A list's append gives back None, and people assign it.
  const valueOf = (part: SyntaxNode): Inner => {
    if (!changed(machine, part, scope)) return evaluate(machine, part, scope);
    const isPart = /\.\s*(?:pop|setdefault)\s*\(/.test(machine.text(part));
    return isPart ? unknown(machine.text(part), "is no literal") : data(null);
  };
  const given = last.filter(({ name }) => name !== ",").map(valueOf);
  const [only] = given;
  const value = given.length > 1 ? listOf(given) : only;
  if (value === undefined) return;
  for (const side of sides.slice(0, -1)) {
    const targets = side.filter(({ name }) => name !== ",");
    const [first] = targets;
    if (targets.length === 1 && side.length === 1) put(machine, first, value, scope);
    else spread(machine, targets, value, scope);
  }
}

function spread(
  machine: Machine,
  targets: readonly SyntaxNode[],
  value: Inner,
  scope: Scope,
): void {
  const items = itemsOf(value);
  const starred = targets.some(({ name }) => name === "*");
  targets.forEach((target, index) => {
    const item: Inner | undefined =
      value.kind === "call" && !starred
        ? { kind: "call", call: value.call, item: index }
        : items?.[index];
    put(
      machine,
      target,
      (starred ? undefined : item) ??
        unknown(machine.text(target), "is a part of what is no literal"),
      scope,
    );
  });
}

/** Sets a name, a part of a dict, or an attribute. */
export function put(
  machine: Machine,
  target: SyntaxNode | undefined,
  value: Inner,
  scope: Scope,
): void {
  if (target === undefined) return;
  if (target.name === "VariableName") {
    scope.names.set(machine.text(target), value);
    return;
  }
  if (
    target.name === "TupleExpression" ||
    target.name === "ArrayExpression" ||
    target.name === "ParenthesizedExpression"
  ) {
    spread(
      machine,
      splitAtCommas(partsOf(target)).flatMap(([part]) => part ?? []),
      value,
      scope,
    );
    return;
  }
  const [owner, bracket, key] = partsOf(target);
  if (target.name !== "MemberExpression" || owner === undefined || key === undefined) return;
  const holder = evaluate(machine, owner, scope);
  const name = bracket?.name === "." ? data(machine.text(key)) : evaluate(machine, key, scope);
  const now = withPart(holder, name, value);
  if (now !== undefined) put(machine, owner, now, scope);
  else if (holder.kind === "data" || holder.kind === "dict" || holder.kind === "list")
    put(machine, owner, unknown(machine.text(owner), `is changed at ${machine.at(target)}`), scope);
}

function withPart(holder: Inner, key: Inner, value: Inner): Inner | undefined {
  if (key.kind !== "data") return undefined;
  const name = String(key.value);
  if (holder.kind === "object")
    return { kind: "object", fields: new Map([...holder.fields, [name, value]]) };
  if (holder.kind === "class")
    return { ...holder, fields: new Map([...holder.fields, [name, value]]) };
  if (holder.kind === "call")
    return /(?:Config|Arguments)$/.test(holder.call.callee) && holder.item === undefined
      ? { kind: "call", call: withKeyword(holder.call, name, value) }
      : holder;
  const entries = entriesOf(holder);
  return entries === undefined ? undefined : dictOf(new Map([...entries, [name, value]]));
}

/** Methods that change what they are called on: followed where that is plain, else it is unknown from there on. */
const CHANGING =
  /^(?:append|extend|insert|remove|pop|clear|update|setdefault|sort|reverse|add|discard)$/;

export function changed(machine: Machine, node: SyntaxNode, scope: Scope): boolean {
  const [callee, list] = partsOf(node);
  if (node.name !== "CallExpression" || callee?.name !== "MemberExpression" || list === undefined)
    return false;
  const [owner, , method] = partsOf(callee);
  if (owner === undefined || method === undefined || !CHANGING.test(machine.text(method)))
    return false;
  const holder = evaluate(machine, owner, scope);
  if (holder.kind !== "data" && holder.kind !== "dict" && holder.kind !== "list") return false;
  const [argument] = splitAtCommas(partsOf(list)).flatMap(([part]) => part ?? []);
  const value = argument === undefined ? undefined : evaluate(machine, argument, scope);
  const now = value === undefined ? undefined : afterCall(holder, machine.text(method), value);
  put(
    machine,
    owner,
    now ?? unknown(machine.text(owner), `is changed at ${machine.at(node)}`),
    scope,
  );
  return true;
}

function afterCall(holder: Inner, method: string, value: Inner): Inner | undefined {
  const [items, entries] = [itemsOf(holder), entriesOf(holder)];
  if (method === "append" && items !== undefined) return listOf([...items, value]);
  if (method === "extend" && items !== undefined) {
    const more = itemsOf(value);
    return more === undefined ? undefined : listOf([...items, ...more]);
  }
  const more = method === "update" ? entriesOf(value) : undefined;
  return entries === undefined || more === undefined
    ? undefined
    : dictOf(new Map([...entries, ...more]));
}
