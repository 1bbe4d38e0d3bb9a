/** Follows a text statement by statement. What depends on a run is unknown from there on. */

import type { SyntaxNode } from "@lezer/common";
import { assign, changed, put } from "./assign.js";
import { evaluate } from "./evaluate.js";
import { partsOf, splitAtCommas } from "./machine.js";
import type { Machine } from "./machine.js";
import { binary } from "./operators.js";
import { data, joined, listOf, Scope, truthOf, unknown } from "./values.js";

/** How a block ends before its last statement: it returns or goes on with a loop, or it stops the run. */
type End = "leaves" | "stops" | undefined;

/** Follows the statements of a block. */
export function follow(machine: Machine, block: SyntaxNode, scope: Scope): End {
  for (const statement of partsOf(block)) {
    const end = one(machine, statement, scope);
    if (end !== undefined) return end;
  }
  return undefined;
}

function one(machine: Machine, node: SyntaxNode, scope: Scope): End {
  if (!machine.step()) return "leaves";
  const rule = Object.hasOwn(RULES, node.name) ? RULES[node.name] : undefined;
  const end = rule?.(machine, node, scope);
  return end === "leaves" || end === "stops" ? end : undefined;
}

type Rule = (machine: Machine, node: SyntaxNode, scope: Scope) => unknown;

const LEAVES: Rule = () => "leaves";

const RULES: Readonly<Record<string, Rule>> = {
  ExpressionStatement: (machine, node, scope) => {
    for (const part of partsOf(node))
      if (!changed(machine, part, scope)) evaluate(machine, part, scope);
  },
  AssignStatement: assign,
  UpdateStatement: (machine, node, scope) => {
    const [target, operator, value] = partsOf(node);
    if (target === undefined || operator === undefined || value === undefined) return;
    const sign = machine.text(operator).slice(0, -1);
    const result = binary(evaluate(machine, target, scope), sign, evaluate(machine, value, scope));
    put(machine, target, result ?? unknown(machine.text(node), "is no literal"), scope);
  },
  DeleteStatement: (machine, node, scope) => {
    for (const part of partsOf(node))
      if (part.name === "VariableName") scope.names.delete(machine.text(part));
  },
  ImportStatement: imports,
  FunctionDefinition: (machine, node, scope) => {
    const name = node.getChild("VariableName");
    if (name !== null)
      scope.names.set(machine.text(name), { kind: "function", definition: node, scope });
  },
  ClassDefinition: classOf,
  DecoratedStatement: (machine, node, scope) => {
    for (const part of partsOf(node)) one(machine, part, scope);
  },
  IfStatement: branches,
  ForStatement: loop,
  WhileStatement: loop,
  WithStatement: (machine, node, scope) => {
    const parts = partsOf(node);
    parts.forEach((part, index) => {
      if (part.name === "as") put(machine, parts[index + 1], unknown("as", "is of a with"), scope);
      else if (part.name === "CallExpression") evaluate(machine, part, scope);
    });
    return firstEnd(machine, blocksOf(node), scope);
  },
  // What is tried is taken to go well.
  TryStatement: (machine, node, scope) => {
    const parts = partsOf(node);
    const isTried = parts.map((_, index) => {
      const words = parts
        .slice(0, index)
        .filter(({ name }) => /^(?:try|except|else|finally)$/.test(name));
      return words.at(-1)?.name !== "except";
    });
    const blocks = parts.filter(({ name }, index) => name === "Body" && isTried[index] === true);
    return firstEnd(machine, blocks, scope);
  },
  ReturnStatement: (machine, node, scope) => {
    const values = splitAtCommas(partsOf(node).slice(1)).flatMap(([value]) =>
      value === undefined ? [] : [evaluate(machine, value, scope)],
    );
    const [first] = values;
    scope.returned.push(
      first === undefined ? data(null) : values.length === 1 ? first : listOf(values),
    );
    return "leaves";
  },
  RaiseStatement: () => "stops",
  BreakStatement: LEAVES,
  ContinueStatement: LEAVES,
};

function firstEnd(machine: Machine, blocks: readonly SyntaxNode[], scope: Scope): End {
  for (const block of blocks) {
    const end = follow(machine, block, scope);
    if (end !== undefined) return end;
  }
  return undefined;
}

function blocksOf(node: SyntaxNode): readonly SyntaxNode[] {
  return node.getChildren("Body");
}

/** `import a.b as c`, `from a.b import c as d`. */
function imports(machine: Machine, node: SyntaxNode, scope: Scope): void {
  const [head, ...rest] = partsOf(node);
  const isFrom = head?.name === "from";
  const at = rest.findIndex(({ name }) => name === "import");
  const from = isFrom
    ? rest
        .slice(0, at)
        .map((part) => machine.text(part))
        .join("")
    : "";
  const names = isFrom ? rest.slice(at + 1) : rest;
  for (const group of splitAtCommas(names)) {
    const as = group.findIndex(({ name }) => name === "as");
    const path = (as < 0 ? group : group.slice(0, as)).map((part) => machine.text(part)).join("");
    const alias = as < 0 ? undefined : group[as + 1];
    const full = isFrom ? `${from}.${path}` : path;
    // `import a.b` brings the name a.
    const name =
      alias === undefined ? (isFrom ? path : (path.split(".")[0] ?? path)) : machine.text(alias);
    scope.names.set(name, { kind: "name", name: alias === undefined && !isFrom ? name : full });
  }
}

function classOf(machine: Machine, node: SyntaxNode, scope: Scope): void {
  const [name] = node.getChildren("VariableName");
  const body = node.getChild("Body");
  if (name === undefined || body === null) return;
  const bases = node.getChild("ArgList");
  const [base] =
    bases === null ? [] : splitAtCommas(partsOf(bases)).flatMap(([part]) => part ?? []);
  const inner = new Scope(scope);
  follow(machine, body, inner);
  scope.names.set(machine.text(name), {
    ...{ kind: "class", name: machine.text(name), fields: inner.names },
    base: base === undefined ? undefined : evaluate(machine, base, scope),
  });
}

/**
 * Ways that the text decides are taken alone; of the others what they agree on is kept. One that surely stops the run is not
 * taken: what was taken for granted here, such as an empty command line, is otherwise then.
 */
function branches(machine: Machine, node: SyntaxNode, scope: Scope): End {
  const parts = partsOf(node);
  const before = scope.names;
  const ways: Scope["names"][] = [];
  let goesOn = true;
  for (let index = 0; index < parts.length && goesOn; index += 1) {
    const [condition, part] = [parts[index - 1], parts[index]];
    if (part?.name !== "Body" || condition === undefined) continue;
    scope.names = new Map(before);
    const truth = condition.name === "else" ? true : conditionOf(machine, condition, scope);
    if (truth === false) continue;
    const end = follow(machine, part, scope);
    if (end === undefined) ways.push(scope.names);
    goesOn = truth !== true || end === "stops";
  }
  if (goesOn) ways.push(new Map(before));
  scope.names = ways.length === 0 ? before : merged(ways, machine.at(node));
  return ways.length === 0 ? "leaves" : undefined;
}

/** A file that is run is `__main__`. */
function conditionOf(machine: Machine, node: SyntaxNode, scope: Scope): boolean | undefined {
  if (/^__name__\s*==\s*["']__main__["']$/.test(machine.text(node))) return true;
  return truthOf(evaluate(machine, node, scope));
}

function merged(ways: readonly Scope["names"][], at: string): Scope["names"] {
  const [only] = ways;
  if (ways.length === 1 && only !== undefined) return only;
  const names = new Set(ways.flatMap((way) => [...way.keys()]));
  return new Map(
    [...names].map((name) => [
      name,
      joined(
        ways.map((way) => way.get(name)),
        name,
        at,
      ),
    ]),
  );
}

/** The body once, with what it sets unknown at its start; then with it or without. */
function loop(machine: Machine, node: SyntaxNode, scope: Scope): void {
  const at = machine.at(node);
  const before = new Map(scope.names);
  for (const name of assignedIn(machine, node))
    scope.names.set(name, unknown(name, `is set in the loop at ${at}`));
  for (const block of blocksOf(node)) follow(machine, block, scope);
  scope.names = merged([before, scope.names], at);
}

function assignedIn(machine: Machine, node: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  node.cursor().iterate((each) => {
    if (each.name === "FunctionDefinition" || each.name === "ClassDefinition") return false;
    if (/^(?:AssignStatement|UpdateStatement|ForStatement)$/.test(each.name)) {
      for (const part of partsOf(each.node)) {
        if (part.name === "AssignOp" || part.name === "UpdateOp" || part.name === "in") break;
        if (part.name === "VariableName") names.add(machine.text(part));
      }
    }
    return true;
  });
  return names;
}
