/** What a trainer's file said, in words: how much of it was used, and what is to be known. */

import type { FileFinding, TrainerFile } from "lora-calc";
import { ofTrainer, oneLine } from "../one-line.js";

const CODES: Readonly<Record<FileFinding["code"], string>> = {
  not_computed: "Not computed",
  unknown_key: "Unknown key",
  old_key: "Old name",
  trap: "Trap",
  refused: "Refused",
  estimate: "Estimate",
  unresolved: "Unresolved",
  assumed: "Assumed",
};

export function toldOfFile(
  { trainer, scenario, used, ignored, findings }: TrainerFile,
  name: string,
): readonly string[] {
  const head = `${name} is read as ${ofTrainer(trainer)}${scenario.stack === undefined ? "" : `, under ${scenario.stack}`}: ${used.length} keys used, ${ignored.length} change neither counts nor memory.`;
  const lines = findings.map(({ code, at, message }) => {
    const end = message.endsWith("?") ? "" : ".";
    return `  ${CODES[code]}: ${at === undefined ? "" : `${at}: `}${message}${end}`;
  });
  return [head, ...lines].map(oneLine);
}
