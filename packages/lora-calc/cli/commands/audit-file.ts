/** `lora-calc audit FILE`: the file of a trainer, checked before it costs a GPU. */

import { estimate, isRefusal } from "lora-calc";
import type { FileFinding, TrainerFile } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import { withModelFound } from "../input/read-scenario.js";
import type { FoundFile } from "../input/read-trainer-file.js";
import type { Output } from "../output.js";
import { renderFileAudit } from "../render/file-audit.js";
import type { FileAudit, Located } from "../render/file-audit.js";

/** Warnings of an estimate that are faults of a file: what costs much, and what does not do what it looks like. */
const SEEN: readonly string[] = [
  ...["loads_in_float32", "compute_dtype_assumed", "attention_math", "experts_not_adapted"],
  ...["experts_not_quantized", "adapters_without_gradient", "unmatched_target_module"],
];
const OF_ESTIMATE = { level: "warning", code: "estimate", key: "" } as const;

/** What the file says, and what an estimate of it refuses. Ends with bad input where there is an error. */
export async function runFileAudit(
  file: TrainerFile,
  { name, lines }: FoundFile,
  { json, output }: { readonly json: boolean; readonly output: Output },
): Promise<ExitCode> {
  const result = estimate(await withModelFound(file.scenario, output));
  const refused: readonly FileFinding[] = isRefusal(result)
    ? [{ level: "error", code: "refused", key: result.error.path, message: result.error.message }]
    : [];
  const located = file.findings.map((each): Located => {
    const line = lines.get(each.key.split(".")[0] ?? "");
    return line === undefined ? each : { ...each, line };
  });
  const seen = isRefusal(result) ? [] : result.warnings.filter(({ code }) => SEEN.includes(code));
  const told = seen.map(({ message }): FileFinding => ({ ...OF_ESTIMATE, message }));
  const findings = [...located, ...refused, ...told];
  const { trainer, scenario, used, ignored } = file;
  const audit: FileAudit = {
    ...{ file: name, trainer, scenario, used, ignored, findings },
    ...(isRefusal(result) ? {} : { parameters: result.parameters }),
  };
  await output.result(
    json ? `${JSON.stringify(audit, null, 2)}\n` : renderFileAudit(audit, output.style),
  );
  return findings.some(({ level }) => level === "error") ? EXIT.badInput : EXIT.ok;
}
