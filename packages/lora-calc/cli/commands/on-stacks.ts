/** `lora-calc compare --stacks`: one configuration under two stacks, and why they differ. */

import { compareStacks, findStackId, InputError, neighbourOf } from "lora-calc";
import type { StackId } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import { USUAL } from "../input/usual.js";
import type { Output } from "../output.js";
import { renderOnStacks } from "../render/on-stacks.js";
import { refuse } from "./answers.js";

/** Names are two stacks; one is compared with the scenario's own, none with the release beside that. */
export async function runOnStacks(
  source: string,
  names: readonly string[],
  { flags, json }: { readonly flags: FlagValues; readonly json: boolean },
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  try {
    const [from, to] = pairOf(names, findStackId(scenario.stack ?? USUAL.stack));
    const compared = compareStacks(scenario, from, to);
    const { problem } = compared.from;
    if (problem !== undefined) return await refuse(problem, json, output);
    await output.result(
      json ? `${JSON.stringify(compared)}\n` : renderOnStacks(compared, output.style),
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof InputError) return refuse(error.problem, json, output);
    throw error;
  }
}

function pairOf(names: readonly string[], own: StackId): readonly [StackId, StackId] {
  const [first, second] = names.map(findStackId);
  if (first !== undefined && second !== undefined) return [first, second];
  return [own, first ?? neighbourOf(own) ?? own];
}
