/** Names of activation functions in config.json. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import type { Activation } from "../tree/forward.js";

/** transformers' `ACT2FN`: names that select the same function. */
const NAMES: ReadonlyMap<string, Activation> = new Map([
  ["silu", "silu"],
  ["swish", "silu"],
  ["gelu", "gelu"],
  ["gelu_pytorch_tanh", "gelu_tanh"],
  ["gelu_fast", "gelu_tanh"],
  ["gelu_new", "gelu_new"],
  ["relu", "relu"],
  ["relu2", "relu2"],
  ["tanh", "tanh"],
]);

/** Activation of a config field; a name that is not understood is a Problem, never a substitute. */
export function activation(
  config: Config,
  names: string | readonly string[],
  fallback: string,
): Activation {
  const name = config.string(names, fallback);
  const known = NAMES.get(name);
  if (known === undefined) {
    const field = typeof names === "string" ? names : (names[0] ?? "");
    reject({
      code: "invalid_value",
      path: config.fields.at(field),
      message: `${config.fields.at(field)}: activation ${name} is not known; known are ${[...NAMES.keys()].join(", ")}`,
      received: name,
      expected: [...NAMES.keys()],
    });
  }
  return known;
}
