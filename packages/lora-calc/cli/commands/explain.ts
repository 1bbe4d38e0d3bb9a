/** `lora-calc explain`: parts of a result with formula and numbers. */

import { describeExperts, estimate, explainPrint, isRefusal, nearestName } from "lora-calc";
import type { Problem, Scenario } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readFlagged } from "../input/read-flagged.js";
import type { Output } from "../output.js";
import { EXPERTS, renderExperts } from "../render/experts.js";
import { explainable, renderExplanation } from "../render/explanation.js";
import { renderPrint } from "../render/print.js";
import { refuse } from "./answers.js";

export interface ExplainOptions {
  /** Names of parts; all when there are none. */
  readonly parts: readonly string[];
  /** What a tool printed of the parameters. */
  readonly saw?: string;
}

export async function runExplain(
  source: string,
  { parts, saw }: ExplainOptions,
  flags: FlagValues,
  output: Output,
): Promise<ExitCode> {
  const scenario = await readFlagged(source, flags, output);
  if (saw !== undefined) {
    const explained = explainPrint(scenario, saw);
    if ("error" in explained) return refuse(explained.error, false, output);
    await output.result(renderPrint(explained, output.style));
    return EXIT.ok;
  }
  const result = estimate(scenario);
  if (isRefusal(result)) return refuse(result.error, false, output);
  const described = describeExperts(scenario);
  const experts = "error" in described || described.experts.length === 0 ? undefined : described;
  const known = [...explainable(result), ...(experts === undefined ? [] : [EXPERTS])];
  const unknown = parts.find((part) => !known.includes(part));
  if (unknown !== undefined) return refuse(unknownPart(unknown, known), false, output);
  const others = parts.filter((part) => part !== EXPERTS);
  const blocks = [
    ...(parts.length > 0 && others.length === 0
      ? []
      : [renderExplanation(result, others, output.style, methodOf(scenario))]),
    ...(experts !== undefined && (parts.length === 0 || parts.includes(EXPERTS))
      ? [renderExperts(experts, output.style)]
      : []),
  ];
  await output.result(blocks.join("\n"));
  return EXIT.ok;
}

/** The method of the adapter; none in full fine-tuning. */
function methodOf({ adapter }: Scenario): string | undefined {
  if (adapter === null || adapter === undefined) return undefined;
  const given = adapter["peft_type"];
  return typeof given === "string" ? given : "LORA";
}

function unknownPart(part: string, known: readonly string[]): Problem {
  const nearest = nearestName(part, known);
  const hint = nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
  return {
    code: "invalid_value",
    path: "PART",
    message: `no such part in this result: ${part}${hint}`,
    received: part,
    expected: known,
  };
}
