// The page's first load against its budgets: what index.html asks for before anything is clicked, compressed. Needs a build.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { ROOT } from "./run.mjs";

/** kB = 1000 bytes, gzip. */
const BUDGETS = { script: 100_000, data: 25_000 };

const BUILD = `${ROOT}web/build/`;
const page = readFileSync(`${BUILD}index.html`, "utf8");
const paths = new Set(page.match(/_app\/immutable\/[\w/.-]+\.js/g));
const sums = { script: 0, data: 0 };
for (const path of paths) {
  const text = readFileSync(`${BUILD}${path}`, "utf8");
  // Chunks have no names; the data is the one that holds the catalogue with the dates of its rows.
  sums[text.includes("checkedOn") ? "data" : "script"] += gzipSync(text).length;
}
for (const [kind, size] of Object.entries(sums)) {
  console.log(`${kind}: ${size} of ${BUDGETS[kind]} bytes, gzip`);
  if (size === 0 || size > BUDGETS[kind]) process.exitCode = 1;
}
