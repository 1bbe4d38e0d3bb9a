/** The scenario of a command line: what its first argument says, with its flags over it. */

import type { Scenario } from "lora-calc";
import type { Output } from "../output.js";
import { applyFlags } from "./apply-flags.js";
import type { FlagValues } from "./apply-flags.js";
import { readScenario, withModelFound } from "./read-scenario.js";

/** A model that is given as a flag is looked for as one of a file is. */
export async function readFlagged(
  source: string,
  flags: FlagValues,
  output: Output,
): Promise<Scenario> {
  const scenario = applyFlags(await readScenario(source, output), flags);
  return flags.has("--model") ? withModelFound(scenario, output) : scenario;
}
