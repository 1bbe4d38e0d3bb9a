/** A call of a library, kept with its arguments. */

import type { PythonCall } from "lora-calc";
import { followed, outermost } from "./functions.js";
import type { Given, Place } from "./functions.js";
import { leaving } from "./values.js";
import type { Inner } from "./values.js";

export function kept(
  callee: string,
  given: Given,
  { machine, node, scope, evaluate }: Place,
  receiver?: Inner,
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
  };
  machine.calls.push(call);
  for (const value of [...given.positional, ...given.keywords.values()])
    if (value.kind === "function") followed(value, machine, evaluate);
  return { kind: "call", call };
}
