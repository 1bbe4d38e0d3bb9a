/** What an audit comes to, in one sentence. */

import type { Audit } from "./audit.js";

/** Whether the parts of a published adapter agree. */
export function auditSentence({ parameters, file, findings, tool }: Audit): string {
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

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
