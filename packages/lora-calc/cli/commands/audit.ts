/** `lora-calc audit`: a published adapter, recounted and checked. */

import { auditAdapter } from "lora-calc";
import type { Scenario } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import { readAdapter } from "lora-calc/files";
import { readScenario } from "../input/read-scenario.js";
import type { Output } from "../output.js";
import { renderAudit } from "../render/audit.js";
import { refuse } from "./answers.js";

export interface AuditOptions {
  readonly json: boolean;
  /** Base model: a catalogue id or a file. */
  readonly base?: string;
}

export async function runAudit(
  source: string,
  { json, base }: AuditOptions,
  output: Output,
): Promise<ExitCode> {
  const { files, tensorsPath, talk } = await readAdapter(source);
  for (const line of talk) output.talk(line);
  const model = base === undefined ? undefined : await modelOf(base, output);
  const result = auditAdapter({ ...files, ...(model === undefined ? {} : { model }) });
  if ("error" in result) return refuse(result.error, json, output);
  await output.result(
    json
      ? `${JSON.stringify(result, null, 2)}\n`
      : renderAudit(result, { tensorsPath }, output.style),
  );
  const isBroken = result.findings.some(({ level }) => level === "error");
  return isBroken ? EXIT.badInput : EXIT.ok;
}

/** The model of a source, without what is usually trained on one. */
async function modelOf(base: string, output: Output): Promise<Scenario["model"]> {
  const { model } = await readScenario(base, { ...output, talk: () => undefined });
  return model;
}
