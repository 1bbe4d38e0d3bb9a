// npm test: every check there is, then one line that sums them up: "N passed, N failed".

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { findChromium } from "./chromium.mjs";
import { installOnce, ROOT, run, runAside } from "./run.mjs";

const REPORTS = `${ROOT}reports`;
const VITEST_REPORT = `${REPORTS}/vitest.json`;
const PLAYWRIGHT_REPORT = `${REPORTS}/playwright.json`;

/** Tools that say yes or no; each counts as one check. Two rows run side by side; the second looks at what it builds. */
const CHECKS = [
  [
    ["lint", "npm", ["run", "--silent", "lint"]],
    ["imports", "npm", ["run", "--silent", "imports"]],
    ["format", "npm", ["run", "--silent", "format:check"]],
  ],
  [
    ["build", "npm", ["run", "--silent", "build"]],
    ["types", "npm", ["run", "--silent", "typecheck"]],
    ["unused code", "npm", ["run", "--silent", "unused"]],
    ["package", "npm", ["run", "--silent", "check:package"]],
    ["size", "npm", ["run", "--silent", "size"]],
    ["size of the page", "node", ["scripts/page-size.mjs"]],
  ],
];

const total = { passed: 0, failed: 0 };

function heading(name) {
  console.log(`\n== ${name}`);
}

function count(passed, failed) {
  total.passed += passed;
  total.failed += failed;
}

/** Numbers of a runner's report. A runner that fails without a failing test (or without a report) counts as one failure. */
function countReport(path, code, numbersOf) {
  const { passed, failed } = existsSync(path)
    ? numbersOf(JSON.parse(readFileSync(path, "utf8")))
    : { passed: 0, failed: 0 };
  count(passed, code !== 0 && failed === 0 ? 1 : failed);
}

async function runChecks(checks) {
  for (const [name, command, args] of checks) {
    const { code, output } = await runAside(command, args);
    heading(name);
    process.stdout.write(output);
    count(code === 0 ? 1 : 0, code === 0 ? 0 : 1);
  }
}

function runUnitTests() {
  heading("unit, property, conformance and package tests");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${VITEST_REPORT}`];
  const { code } = run("npx", ["vitest", "run", ...reporters]);
  countReport(VITEST_REPORT, code, (report) => ({
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.testResults.filter(brokeOutsideTests).length,
  }));
}

/** A file that could not be loaded has no tests and yet failed. */
function brokeOutsideTests({ status, assertionResults }) {
  return status === "failed" && assertionResults.length === 0;
}

function runBrowserTests(chromium) {
  heading("browser and accessibility tests");
  const { code } = run("npm", ["test", "--workspace", "web", "--", "--reporter=line,json"], {
    env: { CHROMIUM_PATH: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: PLAYWRIGHT_REPORT },
  });
  countReport(PLAYWRIGHT_REPORT, code, ({ stats }) => ({
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected,
  }));
}

installOnce();
const chromium = findChromium();
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS);
await Promise.all(CHECKS.map(runChecks));
runUnitTests();
runBrowserTests(chromium);

console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
