/** `lora-calc estimate --batch`: one scenario per line in, one result per line out, in order, while the input still flows. */

import {
  asScenario,
  estimate,
  InputError,
  isRefusal,
  MAX_TEXT_BYTES,
  parseJson,
  rejectSize,
} from "lora-calc";
import type { Result } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import { linesOf } from "../input/lines.js";
import type { Output } from "../output.js";
import { exitCodeOf, jsonLine } from "./answers.js";

export interface BatchOptions {
  readonly full: boolean;
  readonly check: boolean;
}

export async function runBatch(
  input: AsyncIterable<unknown>,
  { full, check }: BatchOptions,
  output: Output,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  let refused = 0;
  let faults = 0;
  let lineNumber = 0;
  for await (const line of linesOf(input, MAX_TEXT_BYTES)) {
    lineNumber += 1;
    const result = answerLine(line, `line ${lineNumber}`);
    if (isRefusal(result)) {
      refused += 1;
      faults += result.error.code === "internal" ? 1 : 0;
    } else if (exitCodeOf(result, check) === EXIT.doesNotFit) code = EXIT.doesNotFit;
    await output.result(jsonLine(result, full));
  }
  if (refused > 0)
    output.talk(`${refused} of ${lineNumber} scenarios have an error; see their "error"`);
  return faults > 0 ? EXIT.bug : code;
}

function answerLine(
  { text, bytes }: { readonly text: string; readonly bytes: number },
  name: string,
): Result {
  try {
    if (bytes > MAX_TEXT_BYTES) rejectSize(name, bytes);
    return estimate(asScenario(parseJson(text, name)));
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, error: error.problem };
    throw error;
  }
}
