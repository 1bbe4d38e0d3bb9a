/** `lora-calc audit FILE`: the file of a trainer, checked before it costs a GPU. */

import { auditRun } from "lora-calc";
import type { TrainerFile } from "lora-calc";
import { EXIT } from "../exit-codes.js";
import type { ExitCode } from "../exit-codes.js";
import { withModelFound } from "../input/read-scenario.js";
import type { FoundFile } from "../input/read-trainer-file.js";
import type { Output } from "../output.js";
import { renderSarif } from "../render/sarif.js";
import { renderFileAudit } from "../render/file-audit.js";
import type { FileAudit, Located } from "../render/file-audit.js";

interface Asked {
  readonly json: boolean;
  readonly sarif?: boolean;
  readonly output: Output;
}

/** What the file says, and what an estimate of it sees. Ends with bad input where there is an error. */
export async function runFileAudit(
  file: TrainerFile,
  { name, lines }: FoundFile,
  { json, sarif = false, output }: Asked,
): Promise<ExitCode> {
  const { findings: seen, parameters } = auditRun(await withModelFound(file.scenario, output));
  const located = file.findings.map((each): Located => {
    const line = lines.get(each.key.split(".")[0] ?? "");
    return line === undefined ? each : { ...each, line };
  });
  const { trainer, scenario, used, ignored } = file;
  const audit: FileAudit = {
    ...{ file: name, trainer, scenario, used, ignored, findings: [...located, ...seen] },
    ...(parameters === undefined ? {} : { parameters }),
  };
  await output.result(
    sarif
      ? renderSarif(audit)
      : json
        ? `${JSON.stringify(audit, null, 2)}\n`
        : renderFileAudit(audit, output.style),
  );
  return audit.findings.some(({ level }) => level === "error") ? EXIT.badInput : EXIT.ok;
}
