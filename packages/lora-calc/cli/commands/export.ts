/** `lora-calc export`: a scenario and its result in a format of the field. */

import {
  encodeLink,
  estimate,
  isRefusal,
  writeAdapterConfig,
  writeCsv,
  writeMarkdown,
  writePeftPython,
} from "lora-calc";
import type { Estimate, Scenario } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import { applyFlags } from "../input/apply-flags.js";
import type { FlagValues } from "../input/apply-flags.js";
import { readScenario } from "../input/read-scenario.js";
import type { Output } from "../output.js";
import { verdictOf } from "../render/answer.js";
import { refuse } from "./answers.js";
import type { ExportFormat } from "./names.js";

type Writer = (scenario: Scenario, result: Estimate) => string;

const WRITERS: Readonly<Record<ExportFormat, Writer>> = {
  "peft-python": (scenario, result) => writePeftPython(scenario, result.parameters),
  "adapter-config": (scenario) => `${writeAdapterConfig(scenario)}\n`,
  markdown: (scenario, result) => writeMarkdown(scenario, result, verdictOf(scenario, result)),
  csv: (_, result) => writeCsv(result),
  json: (_, result) => `${JSON.stringify(result, null, 2)}\n`,
  link: (scenario) => `${encodeLink(scenario)}\n`,
};

export async function runExport(
  source: string,
  format: ExportFormat,
  flags: FlagValues,
  output: Output,
): Promise<ExitCode> {
  const scenario = applyFlags(await readScenario(source, output), flags);
  const result = estimate(scenario);
  if (isRefusal(result)) return refuse(result.error, false, output);
  await output.result(WRITERS[format](scenario, result));
  return EXIT.ok;
}
