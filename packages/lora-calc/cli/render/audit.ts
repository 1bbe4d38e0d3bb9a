/** What an audit found, for people. */

import { formatBytes, formatCount, formatTrainableLine } from "lora-calc";
import type { Audit, FileFacts, Finding } from "lora-calc";
import { alignColumns, wrap } from "./columns.js";
import { oneLine } from "./one-line.js";
import type { Style } from "./style.js";

interface Files {
  readonly tensorsPath: string | undefined;
}

export function renderAudit(audit: Audit, { tensorsPath }: Files, style: Style): string {
  const { parameters, file, findings } = audit;
  const sections = [
    style.strong(verdict(audit)),
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

/** One sentence: whether the parts agree. */
function verdict({ parameters, file, findings, tool }: Audit): string {
  const errors = findings.filter(({ level }) => level === "error").length;
  const warnings = findings.filter(({ level }) => level === "warning").length;
  if (errors > 0) return `This adapter cannot be loaded as it is: ${counted(errors, "error")}.`;
  if (warnings > 0) return `Readable, with ${counted(warnings, "warning")}.`;
  if (tool === "MLX") return "An adapter of MLX.";
  if (parameters === undefined) return "Readable.";
  return file === undefined
    ? "The configuration is sound on its base."
    : "Configuration, tensors and base agree.";
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
  return `${bytes(own)} (PEFT writes ${formatCount(expected)} in float32)`;
}

function bytes(amount: number): string {
  return `${formatCount(amount)} bytes (${formatBytes(amount)})`;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function line({ level, code, message }: Finding, style: Style): string {
  const mark = level === "error" ? style.bad(level) : level;
  return wrap(`${mark} ${code}: ${oneLine(message)}`, "  ", "    ");
}
