/** What an audit found, for people. */

import { auditSentence, formatBytes, formatCount, formatTrainableLine } from "lora-calc";
import type { Audit, FileFacts, Finding } from "lora-calc";
import { alignColumns, wrap } from "./columns.js";
import { oneLine } from "../one-line.js";
import type { Style } from "./style.js";

interface Files {
  readonly tensorsPath: string | undefined;
}

export function renderAudit(audit: Audit, { tensorsPath }: Files, style: Style): string {
  const { parameters, file, findings } = audit;
  const sections = [
    style.strong(auditSentence(audit)),
    alignColumns(facts(audit, tensorsPath), [{}, {}])
      .map((line) => `  ${line}`)
      .join("\n"),
    parameters === undefined
      ? ""
      : style.strong(formatTrainableLine(parameters.trainable, parameters.all)),
    findings.length === 0
      ? ""
      : [style.strong("Findings"), ...findings.map((each) => line(each, style))].join("\n"),
    file === undefined && audit.tool === "PEFT"
      ? style.quiet(
          "Put adapter_model.safetensors beside the configuration to have its tensors compared.",
        )
      : "",
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function facts(audit: Audit, tensorsPath: string | undefined): readonly (readonly string[])[] {
  const { tool, peft_type: method, peft_version: version, base, file } = audit;
  return [
    ["adapter", `${method}${version === undefined ? "" : `, saved by ${tool} ${version}`}`],
    ...(base === undefined ? [] : [["base", oneLine(base)]]),
    ...(file === undefined ? [] : fileRows(file, audit.expected_file_bytes, tensorsPath)),
    ...(file === undefined && audit.expected_file_bytes !== undefined
      ? [["file", `${bytes(audit.expected_file_bytes)} in float32`]]
      : []),
  ];
}

function fileRows(
  file: FileFacts,
  expected: number | undefined,
  path: string | undefined,
): readonly (readonly string[])[] {
  const dtypes = Object.entries(file.dtypes).map(
    ([dtype, count]) => `${formatCount(count)} ${dtype}`,
  );
  const size = file.bytes === undefined ? [] : [["size", sizeText(file.bytes, expected)]];
  const bases =
    file.base_parameters === 0
      ? ""
      : `, and ${formatCount(file.base_parameters)} of the frozen base`;
  return [
    ...(path === undefined ? [] : [["file", oneLine(path)]]),
    ["tensors", `${formatCount(file.tensors)} (${dtypes.join(", ")})`],
    ["holds", `${formatCount(file.parameters)} parameters${bases}`],
    ...size,
  ];
}

function sizeText(own: number, expected: number | undefined): string {
  if (expected === undefined) return bytes(own);
  if (own === expected) return `${bytes(own)}, to the byte what PEFT writes`;
  return `${bytes(own)} (PEFT writes ${formatCount(expected)} for this configuration)`;
}

function bytes(amount: number): string {
  return `${formatCount(amount)} bytes (${formatBytes(amount)})`;
}

function line({ level, code, message }: Finding, style: Style): string {
  const mark = level === "error" ? style.bad(level) : level;
  return wrap(`${mark} ${code}: ${oneLine(message)}`, "  ", "    ");
}
