/** `lora-calc estimate --batch`: one scenario per line in, one result per line out, in order, while the input still flows. */

import {
  asScenario,
  estimate,
  InputError,
  isObject,
  isRefusal,
  MAX_TEXT_BYTES,
  parseJson,
  rejectSize,
} from "lora-calc";
import type { Result, Scenario } from "lora-calc";
import { resolveModel } from "lora-calc/files";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import { withModelFound } from "../input/read-scenario.js";
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
  const resolve = onceByName();
  const find = (scenario: Scenario): Promise<Scenario> => withModelFound(scenario, output, resolve);
  for await (const line of linesOf(input, MAX_TEXT_BYTES)) {
    lineNumber += 1;
    const result = await answerLine(line, `line ${lineNumber}`, find);
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

async function answerLine(
  { text, bytes }: { readonly text: string; readonly bytes: number },
  name: string,
  find: (scenario: Scenario) => Promise<Scenario>,
): Promise<Result> {
  let id: Pick<Scenario, "id"> = {};
  try {
    if (bytes > MAX_TEXT_BYTES) rejectSize(name, bytes);
    const value = parseJson(text, name);
    const scenario = asScenario(value);
    if (!isObject(value)) return estimate(scenario);
    if (scenario.id !== undefined) id = { id: scenario.id };
    return estimate(await find(scenario));
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, ...id, error: error.problem };
    throw error;
  }
}

/** A thousand lines of one model ask for it once. */
function onceByName(): typeof resolveModel {
  const asked = new Map<string, ReturnType<typeof resolveModel>>();
  return (name, options) => {
    const found = asked.get(name) ?? resolveModel(name, options);
    asked.set(name, found);
    return found;
  };
}
