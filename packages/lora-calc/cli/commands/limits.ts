/** `lora-calc limits`: the largest batch, length and rank that the card holds, and the smallest cards. */

import { isRefusal, limits } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { renderLimits } from "../render/limits.js";
import { missingCard, refuse } from "./answers.js";

export async function runLimits(
  source: string,
  flags: FlagValues,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  const problem = missingCard(scenario, "limits");
  if (problem !== undefined) return refuse(problem, json, output);
  output.talk(
    "Looking for the largest batch, length and rank that fit; a large model takes some seconds.",
  );
  const found = limits(scenario);
  if (isRefusal(found)) return refuse(found.error, json, output);
  const { cards, ...rest } = found;
  const answer = {
    ...rest,
    cards: cards.map(({ name, memoryBytes }) => ({ name, memory_bytes: memoryBytes })),
  };
  await output.result(
    json ? `${JSON.stringify(answer, null, 2)}\n` : renderLimits(found, output.style),
  );
  return EXIT.ok;
}
