// npm run mutate: breaks the library in a drawn sample of places, and looks whether the tests notice. About an hour on two
// cores. MUTATION_SEED draws another sample; arguments name the folders to try ("npm run mutate -- advice units").

import { mkdirSync, writeFileSync } from "node:fs";
import { Stryker } from "@stryker-mutator/core";
import { drawSample, keyOf, MISSED, rangeOf, SIZES } from "./mutation/sample.mjs";
import { ROOT } from "./run.mjs";

/** Share of the mutants that the tests have to notice, in every folder. */
const BAR = 0.85;
const SEED = Number(process.env.MUTATION_SEED ?? 20_261_128);
const REPORTS = `${ROOT}reports/mutation`;
const NOTICED = ["Killed", "Timeout"];

const folderOf = ({ fileName }) => fileName.slice(fileName.indexOf("packages/")).split("/")[3];

function optionsFor(sample) {
  return {
    mutate: [...new Set(sample.map(rangeOf))],
    testRunner: "vitest",
    vitest: { configFile: "scripts/mutation/vitest.config.mjs", related: false },
    plugins: ["@stryker-mutator/vitest-runner", "./scripts/mutation/plugins.mjs"],
    checkers: ["sample"],
    coverageAnalysis: "perTest",
    // Half of them check which mutants are in the sample, and are done at once; the other half run the tests.
    concurrency: 4,
    // The first run, which counts what each test covers, is five times slower than those after it.
    timeoutFactor: 0.5,
    // Far beyond a busy machine's pauses: what runs out of time never ends. Unit: ms.
    timeoutMS: 30_000,
    // The sandbox holds the library and its goldens.
    ignorePatterns: ["/web", "/docs", "/conformance", "/reports", "/bench", "**/dist"],
    reporters: ["progress-append-only", "survivors"],
    disableTypeChecks: false,
  };
}

const wanted = process.argv.slice(2);
const folders = Object.keys(SIZES).filter((name) => wanted.length === 0 || wanted.includes(name));
const sample = (await drawSample(SEED)).filter((mutant) => folders.includes(folderOf(mutant)));
console.log(`${sample.length} mutants, seed ${SEED}`);

mkdirSync(REPORTS, { recursive: true });
process.env.MUTATION_SAMPLE = `${REPORTS}/sample.json`;
writeFileSync(process.env.MUTATION_SAMPLE, JSON.stringify(sample.map(keyOf)));
process.env.MUTATION_SURVIVORS = `${REPORTS}/survivors.txt`;
writeFileSync(process.env.MUTATION_SURVIVORS, "");
const mutants = await new Stryker(optionsFor(sample)).runMutationTest();
// A test file that does not load is passed over in silence.
if (!mutants.some(({ coveredBy = [] }) => coveredBy.some((id) => id.includes("handful")))) {
  throw new Error("the handful of goldens was not run");
}

for (const folder of folders) {
  const own = mutants.filter((mutant) => folderOf(mutant) === folder);
  const noticed = own.filter(({ status }) => NOTICED.includes(status)).length;
  const missed = own.filter(({ status }) => MISSED.includes(status)).length;
  const share = noticed / (noticed + missed);
  console.log(
    `${folder}: ${noticed} of ${noticed + missed} noticed, ${(100 * share).toFixed(1)} %`,
  );
  if (!(share >= BAR)) process.exitCode = 1;
}
console.log(`survivors: reports/mutation/survivors.txt; the bar is ${100 * BAR} % in every folder`);
