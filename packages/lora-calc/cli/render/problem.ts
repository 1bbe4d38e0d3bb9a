/** A Problem as text: what is wrong, where, what was received, what is allowed, how to mend it. */

import { oneLine, shortValue } from "../one-line.js";
import type { Problem } from "lora-calc";
import { flagOf } from "../input/scenario-flags.js";
import { alignColumns, wrap } from "./columns.js";
import type { Style } from "./style.js";

/** Where to look next, for the codes that have such a place. */
const NEXT_STEP: Partial<Record<Problem["code"], string>> = {
  unknown_model: "lora-calc list models, or give the path of its config.json",
  unknown_gpu: "lora-calc list gpus, or give its memory: --gpu 24GiB",
  unknown_stack: "lora-calc list stacks",
  unknown_recipe: "lora-calc list recipes",
  unknown_model_type: "give hidden_size, num_hidden_layers and total_params in a scenario file",
};

export function renderProblem(problem: Problem, style: Style): string {
  const flag = flagOf(problem.path);
  const where = flag === undefined ? problem.path : `${flag} (${problem.path})`;
  const nextStep = NEXT_STEP[problem.code];
  const facts = [
    ...(where === "" ? [] : [["where", oneLine(where)]]),
    ...("received" in problem ? [["received", shortValue(problem.received)]] : []),
    ...(problem.expected === undefined ? [] : [["allowed", shortValue(problem.expected)]]),
    ...(nextStep === undefined ? [] : [["see", nextStep]]),
    ["code", problem.code],
  ];
  return [
    wrap(oneLine(problem.message), `${style.bad("error:")} `, "  "),
    ...alignColumns(facts, [{}, {}]).map((line) => style.quiet(`  ${line}`)),
  ].join("\n");
}
