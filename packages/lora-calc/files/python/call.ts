/** A call: of a function or class of this text followed, of a library kept with its arguments. */

import type { PythonValue } from "lora-calc";
import type { SyntaxNode } from "@lezer/common";
import { builtin } from "./builtins.js";
import { ofClass, ofParser } from "./classes.js";
import { ofFunction } from "./functions.js";
import type { Evaluate, Given, Place } from "./functions.js";
import { kept } from "./keep-call.js";
import { partsOf, splitAtCommas } from "./machine.js";
import type { Machine } from "./machine.js";
import { data, entriesOf, itemsOf, unknown } from "./values.js";
import type { Inner, Scope } from "./values.js";

export function callOf(
  machine: Machine,
  node: SyntaxNode,
  { scope, evaluate }: { readonly scope: Scope; readonly evaluate: Evaluate },
): Inner | undefined {
  const [callee, list] = partsOf(node);
  if (callee === undefined || list === undefined) return undefined;
  const method = methodOf(machine, callee);
  const value = method === undefined ? evaluate(machine, callee, scope) : undefined;
  const receiver = method === undefined ? undefined : evaluate(machine, method.owner, scope);
  const given = argumentsOf(machine, list, { scope, evaluate });
  const place = { machine, node, scope, evaluate };
  if (receiver !== undefined && method !== undefined && receiver.kind !== "name")
    return ofMethod(receiver, method.name, given, place);
  const called = value ?? {
    kind: "name",
    name: `${receiver?.kind === "name" ? receiver.name : ""}.${method?.name ?? ""}`,
  };
  if (called.kind === "function") return ofFunction(called, given, place);
  if (called.kind === "class") return ofClass(called, given, place);
  // A tokenizer is called as it is.
  if (called.kind === "call") return kept(".__call__", given, place, { receiver: called });
  if (called.kind !== "name") return undefined;
  const known = builtin(called.name, given, (text) => {
    machine.note(node, text);
  });
  if (known !== undefined) return known;
  if (/(?:^|\.)(?:ArgumentParser|HfArgumentParser|TrlParser|H4ArgumentParser)$/.test(called.name))
    return { kind: "parser", options: new Map(), classes: given.positional.slice(0, 1) };
  return kept(called.name, given, place);
}

/** `model.add_adapter`: a name after the dot of a value. */
function methodOf(
  machine: Machine,
  callee: SyntaxNode,
): { readonly owner: SyntaxNode; readonly name: string } | undefined {
  const [owner, dot, name] = partsOf(callee);
  if (
    callee.name !== "MemberExpression" ||
    dot?.name !== "." ||
    owner === undefined ||
    name === undefined
  )
    return undefined;
  return { owner, name: machine.text(name) };
}

function argumentsOf(
  machine: Machine,
  list: SyntaxNode,
  { scope, evaluate }: { readonly scope: Scope; readonly evaluate: Evaluate },
): Given {
  const positional: Inner[] = [];
  const keywords = new Map<string, Inner>();
  const more: PythonValue[] = [];
  for (const [head, second, third] of splitAtCommas(partsOf(list))) {
    if (head === undefined) continue;
    if ((head.name === "*" || head.name === "**") && second !== undefined) {
      const value = evaluate(machine, second, scope);
      const [entries, items] =
        head.name === "**" ? [entriesOf(value), undefined] : [undefined, itemsOf(value)];
      if (entries === undefined && items === undefined)
        more.push(
          unknown(machine.text(second), value.kind === "unknown" ? value.why : "is no literal"),
        );
      for (const [key, each] of entries ?? []) keywords.set(key, each);
      positional.push(...(items ?? []));
    } else if (second?.name === "AssignOp" && third !== undefined)
      keywords.set(machine.text(head), evaluate(machine, third, scope));
    else
      positional.push(
        second === undefined
          ? evaluate(machine, head, scope)
          : unknown(machine.text(head), "is no literal"),
      );
  }
  return { positional, keywords, more };
}

/** Methods that give back what they are called on. */
const OF_ITSELF = ["to", "cuda", "train", "half", "bfloat16", "float", "eval"];

function ofMethod(receiver: Inner, name: string, given: Given, place: Place): Inner | undefined {
  if (receiver.kind === "parser") return ofParser(receiver, name, given, place);
  if (receiver.kind === "object" || receiver.kind === "class" || receiver.kind === "function")
    return undefined;
  const [key, otherwise] = given.positional;
  if (name === "get" && key?.kind === "data") {
    const found = entriesOf(receiver)?.get(String(key.value));
    if (entriesOf(receiver) !== undefined) return found ?? otherwise ?? data(null);
  }
  if (receiver.kind === "data") return ofText(receiver.value, name, key);
  const result = kept(`.${name}`, given, place, { receiver });
  return receiver.kind === "call" && OF_ITSELF.includes(name) ? receiver : result;
}

/** Methods of a text that people make lists and names with. */
function ofText(text: unknown, name: string, argument: Inner | undefined): Inner | undefined {
  if (typeof text !== "string") return undefined;
  if (name === "lower") return data(text.toLowerCase());
  if (name === "strip" && argument === undefined) return data(text.trim());
  if (name !== "split" || argument?.kind !== "data" || typeof argument.value !== "string")
    return undefined;
  return argument.value === "" ? undefined : data(text.split(argument.value));
}
