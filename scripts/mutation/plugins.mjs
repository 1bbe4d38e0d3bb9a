// Stryker's plugins for `npm run mutate`: a checker that lets the drawn mutants pass (others lie inside their range, such as
// a condition in a block that was drawn), and a reporter that names a survivor when it is found.

import { appendFileSync, readFileSync } from "node:fs";
import { declareFactoryPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { keyOf, MISSED, placeOf } from "./sample.mjs";

function createChecker() {
  const keys = new Set(JSON.parse(readFileSync(process.env.MUTATION_SAMPLE, "utf8")));
  const judge = (mutant) =>
    keys.has(keyOf(mutant))
      ? { status: "passed" }
      : { status: "compileError", reason: "not in the sample" };
  return {
    init: () => Promise.resolve(),
    check: (mutants) =>
      Promise.resolve(Object.fromEntries(mutants.map((mutant) => [mutant.id, judge(mutant)]))),
    group: (mutants) => Promise.resolve([mutants.map(({ id }) => id)]),
  };
}
createChecker.inject = [];

function describe(mutant) {
  const { fileName, location, mutatorName, replacement, status } = mutant;
  const line = readFileSync(fileName, "utf8").split("\n")[location.start.line - 1] ?? "";
  const made = replacement.replace(/\s+/g, " ").slice(0, 100);
  return `${placeOf(mutant)} ${mutatorName} (${status})\n    ${line.trim()}\n    → ${made}\n`;
}

function createReporter() {
  return {
    onMutantTested: (mutant) => {
      if (MISSED.includes(mutant.status)) {
        appendFileSync(process.env.MUTATION_SURVIVORS, describe(mutant));
      }
    },
  };
}
createReporter.inject = [];

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.Checker, "sample", createChecker),
  declareFactoryPlugin(PluginKind.Reporter, "survivors", createReporter),
];
