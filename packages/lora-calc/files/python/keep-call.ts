/** A call of a library, kept with its arguments. */

import type { PythonCall, PythonValue } from "lora-calc";
import { followed, outermost } from "./functions.js";
import type { Given, Place } from "./functions.js";
import { leaving } from "./values.js";
import type { Fields, Inner } from "./values.js";

/** What a call is of: a method of a value, or a class with fields of its own. */
interface Holder {
  readonly receiver?: Inner | undefined;
  readonly own?: Fields | undefined;
}

export function kept(
  callee: string,
  given: Given,
  { machine, node, scope, evaluate }: Place,
  { receiver, own }: Holder = {},
): Inner {
  const { inDefaultsOf } = outermost(scope);
  const call: PythonCall = {
    callee,
    ...(receiver === undefined ? {} : { receiver: leaving(receiver) }),
    positional: given.positional.map(leaving),
    keywords: new Map([...given.keywords].map(([key, value]) => [key, leaving(value)])),
    more: given.more,
    at: machine.at(node),
    ...(inDefaultsOf === undefined ? {} : { inDefaultsOf }),
    ...(own === undefined ? {} : { own: new Map(dataOf(own)) }),
  };
  machine.calls.push(call);
  for (const value of [...given.positional, ...given.keywords.values()])
    if (value.kind === "function") followed(value, machine, evaluate);
  return { kind: "call", call };
}

function dataOf(own: Fields): readonly (readonly [string, PythonValue])[] {
  return [...own].flatMap(([key, value]) =>
    value.kind === "function" || value.kind === "class" ? [] : [[key, leaving(value)] as const],
  );
}
