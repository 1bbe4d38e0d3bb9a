/** What is wrong with a trainer's file, for people. */

import { formatTrainableLine } from "lora-calc";
import type { FileFinding, RunAudit, TrainerFile } from "lora-calc";
import { ofTrainer, oneLine } from "../one-line.js";
import { wrap } from "./columns.js";
import type { Style } from "./style.js";

/** A finding, and where its key stands. */
export interface Located extends FileFinding {
  /** From 1; absent where the key is not at the top of a YAML file. */
  readonly line?: number;
}

export interface FileAudit extends Omit<TrainerFile, "findings"> {
  readonly file: string;
  readonly findings: readonly Located[];
  /** Absent where the run is refused. */
  readonly parameters?: NonNullable<RunAudit["parameters"]>;
}

const LEVELS = ["error", "warning", "note"] as const;

export function renderFileAudit(audit: FileAudit, style: Style): string {
  const { file, trainer, used, ignored, findings, parameters } = audit;
  const counted = LEVELS.map((level) => counts(findings, level)).filter((part) => part !== "");
  const head = `${oneLine(file)} is ${ofTrainer(trainer)}: ${counted.length === 0 ? "nothing found" : counted.join(", ")}.`;
  const sections = [
    style.strong(head),
    `  ${used.length} keys used, ${ignored.length} change neither counts nor memory.`,
    findings
      .toSorted(
        (left, right) =>
          LEVELS.indexOf(left.level) - LEVELS.indexOf(right.level) ||
          (left.line ?? 0) - (right.line ?? 0),
      )
      .map((each) => lineOf(each, style))
      .join("\n"),
    parameters === undefined
      ? ""
      : style.strong(formatTrainableLine(parameters.trainable, parameters.all)),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function counts(findings: readonly Located[], level: Located["level"]): string {
  const count = findings.filter((each) => each.level === level).length;
  return count === 0 ? "" : `${count} ${level}${count === 1 ? "" : "s"}`;
}

function lineOf({ level, line, at, message }: Located, style: Style): string {
  const mark = level === "error" ? style.bad(level) : level;
  const stands = at ?? (line === undefined ? undefined : `line ${line}`);
  const place = stands === undefined ? "" : `${stands}: `;
  return wrap(`${mark} ${place}${oneLine(message)}`, "  ", "    ");
}
