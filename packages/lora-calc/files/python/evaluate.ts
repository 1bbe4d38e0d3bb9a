/** What an expression gives, as far as it can be told without running it. */

import type { SyntaxNode } from "@lezer/common";
import type { Machine } from "./machine.js";
import { partsOf, splitAtCommas } from "./machine.js";
import { callOf } from "./call.js";
import { numberValue, stringValue } from "./literals.js";
import { binary, unary } from "./operators.js";
import { data, dictOf, entriesOf, itemsOf, listOf, truthOf, unknown } from "./values.js";
import type { Inner, Scope } from "./values.js";

export function evaluate(machine: Machine, node: SyntaxNode, scope: Scope): Inner {
  if (!machine.step()) return unknown(machine.text(node), "is too far down a long text");
  return valueOf(machine, node, scope) ?? unknown(machine.text(node), "is no literal");
}

type Rule = (machine: Machine, node: SyntaxNode, scope: Scope) => Inner | undefined;

const RULES: Readonly<Record<string, Rule>> = {
  Number: (machine, node) => literal(numberValue(machine.text(node))),
  String: (machine, node) => literal(stringValue(machine.text(node))),
  ContinuedString: (machine, node, scope) =>
    textOf(partsOf(node).map((part) => evaluate(machine, part, scope))),
  FormatString: formatted,
  Boolean: (machine, node) => data(machine.text(node) === "True"),
  None: () => data(null),
  VariableName: (machine, node, scope) => named(machine.text(node), scope),
  ParenthesizedExpression: (machine, node, scope) => {
    const [, inside] = partsOf(node);
    return inside === undefined ? undefined : evaluate(machine, inside, scope);
  },
  NamedExpression: (machine, node, scope) => {
    const [name, , value] = partsOf(node);
    if (name === undefined || value === undefined) return undefined;
    const result = evaluate(machine, value, scope);
    scope.names.set(machine.text(name), result);
    return result;
  },
  TupleExpression: items,
  ArrayExpression: items,
  SetExpression: items,
  DictionaryExpression: dictionary,
  UnaryExpression: (machine, node, scope) => {
    const [operator, value] = partsOf(node);
    if (operator === undefined || value === undefined) return undefined;
    if (operator.name === "not") return negated(machine, value, scope);
    return unary(machine.text(operator), evaluate(machine, value, scope));
  },
  BinaryExpression: operation,
  ConditionalExpression: (machine, node, scope) => {
    const [yes, , condition, , no] = partsOf(node);
    if (yes === undefined || condition === undefined || no === undefined) return undefined;
    const truth = truthOf(evaluate(machine, condition, scope));
    return truth === undefined ? undefined : evaluate(machine, truth ? yes : no, scope);
  },
  MemberExpression: member,
  CallExpression: (machine, node, scope) => callOf(machine, node, { scope, evaluate }),
};

function valueOf(machine: Machine, node: SyntaxNode, scope: Scope): Inner | undefined {
  return Object.hasOwn(RULES, node.name) ? RULES[node.name]?.(machine, node, scope) : undefined;
}

function literal(value: unknown): Inner | undefined {
  return value === undefined ? undefined : data(value);
}

/** A name that nothing here sets is what an import with a star, or Python itself, brings. */
function named(name: string, scope: Scope): Inner {
  return scope.get(name) ?? { kind: "name", name };
}

function textOf(parts: readonly Inner[]): Inner | undefined {
  const texts = parts.map((part) => (part.kind === "data" ? part.value : undefined));
  return texts.every((text) => typeof text === "string" || Number.isInteger(text))
    ? data(texts.join(""))
    : undefined;
}

/** `f"{owner}/{name}"`; with a format or a conversion only a run can tell. */
function formatted(machine: Machine, node: SyntaxNode, scope: Scope): Inner | undefined {
  const whole = machine.text(node);
  const fields = partsOf(node);
  const quote = /^[a-zA-Z]*("""|'''|"|')/.exec(whole);
  if (quote === null || fields.some((field) => partsOf(field).length !== 3)) return undefined;
  const pieces: Inner[] = [];
  let from = node.from + quote[0].length;
  const piece = (to: number): void => {
    const between = machine.source.text.slice(from, to).replaceAll("{{", "{").replaceAll("}}", "}");
    pieces.push(data(stringValue(`"""${between}"""`) ?? ""));
  };
  for (const field of fields) {
    piece(field.from);
    const [, inside] = partsOf(field);
    pieces.push(inside === undefined ? data("") : evaluate(machine, inside, scope));
    from = field.to;
  }
  piece(node.to - (quote[1] ?? "").length);
  return textOf(pieces);
}

function items(machine: Machine, node: SyntaxNode, scope: Scope): Inner | undefined {
  const values: Inner[] = [];
  for (const group of splitAtCommas(partsOf(node))) {
    const [head, starred] = group;
    if (head === undefined) continue;
    if (head.name !== "*") values.push(evaluate(machine, head, scope));
    else {
      const more = starred === undefined ? undefined : itemsOf(evaluate(machine, starred, scope));
      if (more === undefined) return undefined;
      values.push(...more);
    }
  }
  return listOf(values);
}

function dictionary(machine: Machine, node: SyntaxNode, scope: Scope): Inner | undefined {
  const entries = new Map<string, Inner>();
  for (const [head, , value, ...rest] of splitAtCommas(partsOf(node)).map(withStar)) {
    if (head === undefined || value === undefined || rest.length > 0) return undefined;
    const given = evaluate(machine, value, scope);
    if (head.name === "**") {
      const more = entriesOf(given);
      if (more === undefined) return undefined;
      for (const [key, each] of more) entries.set(key, each);
      continue;
    }
    const key = evaluate(machine, head, scope);
    if (key.kind !== "data") return undefined;
    entries.set(String(key.value), given);
  }
  return [...entries.values()].every(({ kind }) => kind === "data")
    ? data(
        Object.fromEntries(
          [...entries].map(([key, each]) => [key, each.kind === "data" ? each.value : null]),
        ),
      )
    : dictOf(entries);
}

/** `**more` in the shape of `key: value`. */
function withStar(group: readonly SyntaxNode[]): readonly SyntaxNode[] {
  const [head, value] = group;
  return head?.name === "**" && value !== undefined ? [head, head, value] : group;
}

/** The parser takes `not a and b` for not (a and b), which Python does not. */
function negated(machine: Machine, node: SyntaxNode, scope: Scope): Inner | undefined {
  const [left, operator, right] = partsOf(node);
  const word = operator === undefined ? "" : machine.text(operator);
  if (node.name !== "BinaryExpression" || (word !== "and" && word !== "or"))
    return unary("not", evaluate(machine, node, scope));
  if (left === undefined || right === undefined) return undefined;
  const first = negated(machine, left, scope);
  return first === undefined ? undefined : binary(first, word, evaluate(machine, right, scope));
}

/** `not in` and `is not` are two words. */
function operation(machine: Machine, node: SyntaxNode, scope: Scope): Inner | undefined {
  const parts = partsOf(node);
  const [left, right] = [parts[0], parts.at(-1)];
  if (left === undefined || right === undefined) return undefined;
  const operator = parts
    .slice(1, -1)
    .map((part) => machine.text(part))
    .join(" ");
  return binary(evaluate(machine, left, scope), operator, evaluate(machine, right, scope));
}

function member(machine: Machine, node: SyntaxNode, scope: Scope): Inner | undefined {
  const [owner, bracket, key, ...rest] = partsOf(node);
  // The parser takes a number that ends in its point, or has it before an exponent, for one with an attribute.
  if (owner?.name === "Number") return literal(numberValue(machine.text(node)));
  if (owner === undefined || bracket === undefined || key === undefined) return undefined;
  const value = evaluate(machine, owner, scope);
  if (bracket.name === ".") return attributeOf(value, machine.text(key));
  if (rest.length !== 1) return undefined;
  return partOf(value, evaluate(machine, key, scope));
}

function attributeOf(value: Inner, name: string): Inner | undefined {
  if (value.kind === "name") return { kind: "name", name: `${value.name}.${name}` };
  if (value.kind === "object" || value.kind === "class") return value.fields.get(name);
  if (value.kind !== "call") return undefined;
  return value.call.keywords.get(name) ?? value.call.own?.get(name);
}

function partOf(value: Inner, key: Inner): Inner | undefined {
  if (value.kind === "call" && key.kind === "data" && typeof key.value === "number")
    return { kind: "call", call: value.call, item: key.value };
  if (key.kind !== "data") return undefined;
  const found = entriesOf(value)?.get(String(key.value));
  return found ?? itemsOf(value)?.at(Number(key.value));
}
