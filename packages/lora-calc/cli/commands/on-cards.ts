/** `lora-calc compare --cards`: one scenario on several cards, smallest first. */

import { InputError, onCards } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { renderOnCards } from "../render/on-cards.js";
import { refuse } from "./answers.js";

export async function runOnCards(
  source: string,
  cards: readonly string[] | undefined,
  { flags, json }: { readonly flags: FlagValues; readonly json: boolean },
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  try {
    const rows = onCards(scenario, cards);
    // A kernel may be refused on one card and run on the others.
    const problem = rows.every((row) => row.problem !== undefined) ? rows[0]?.problem : undefined;
    if (problem !== undefined) return await refuse(problem, json, output);
    await output.result(
      json
        ? rows.map((row) => `${JSON.stringify(row)}\n`).join("")
        : renderOnCards(rows, output.style),
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof InputError) return refuse(error.problem, json, output);
    throw error;
  }
}
