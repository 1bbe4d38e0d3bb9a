/** What is wrong with a trainer's file, as SARIF 2.1.0: code hosts show it in the lines of a change. */

import { VERSION } from "lora-calc";
import type { FileAudit, Located } from "./file-audit.js";

const SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** Rules of findings, by their codes. */
const RULES: Readonly<Record<Located["code"], string>> = {
  trap: "The trainer stops, or trains what was not meant",
  refused: "The run is refused",
  unknown_key: "Nobody reads the key",
  old_key: "The key has another name now, or is gone",
  unresolved: "Only a run can tell the value",
  not_computed: "The answer is one without the key",
  assumed: "Taken for granted",
  estimate: "What an estimate of the run sees",
};

/** Absent findings are an empty list of results, which takes earlier ones back. */
export function renderSarif({ file, findings }: FileAudit): string {
  const rules = Object.entries(RULES).map(([id, text]) => ({ id, shortDescription: { text } }));
  const driver = { name: "lora-calc", version: VERSION, rules };
  const run = { tool: { driver }, results: findings.map((each) => resultOf(each, file)) };
  return `${JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs: [run] }, null, 2)}\n`;
}

function resultOf({ level, code, message, line, at }: Located, file: string): object {
  const startLine = line ?? lineOf(at);
  const place = at === undefined || startLine !== undefined ? "" : `${at}: `;
  return {
    ruleId: code,
    level,
    message: { text: `${place}${message}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          ...(startLine === undefined ? {} : { region: { startLine } }),
        },
      },
    ],
  };
}

/** Of a text; the lines of a notebook's cells are no lines of its file. */
function lineOf(at: string | undefined): number | undefined {
  const [, line] = /^line (\d+)$/.exec(at ?? "") ?? [];
  return line === undefined ? undefined : Number(line);
}

/** A path as a URI, relative to where the command runs. */
function uriOf(file: string): string {
  return encodeURI(file.replaceAll("\\", "/").replace(/^\.\//, ""));
}
