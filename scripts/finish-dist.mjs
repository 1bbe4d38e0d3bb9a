// Last step of the build: CommonJS in front of the modules, and nothing in dist/ that nobody imports.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ROOT } from "./run.mjs";

const DIST = join(ROOT, "packages/lora-calc/dist");
const ENTRIES = ["index", "teach", "files/index", "hub/index", "text/index"];
const COMMAND = "cli/main.js";

/** Relative files that a module or a declaration imports. */
export function importsOf(text) {
  const found = text.matchAll(
    /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'`](\.{1,2}\/[^"'`]+)["'`]/g,
  );
  return [...found].map(([, path]) => path);
}

/** A declaration imports another by the name of its code. */
function fileOf(from, path) {
  const file = join(dirname(from), path);
  if (/\.d\.c?ts$/.test(from)) return file.replace(/\.(c?)js$/, ".d.$1ts");
  return file;
}

/** Files that are reached from the entries. */
export function reachable(dist, entries) {
  const seen = new Set();
  const open = entries.map((entry) => join(dist, entry));
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const path of importsOf(readFileSync(file, "utf8"))) open.push(fileOf(file, path));
  }
  return seen;
}

export const ENTRY_FILES = [
  COMMAND,
  ...ENTRIES.flatMap((name) => [`${name}.js`, `${name}.cjs`, `${name}.d.ts`, `${name}.d.cts`]),
];

function finish() {
  // Node loads modules by require since 20.19: one copy of the library, whichever way it is asked for.
  for (const name of ENTRIES) {
    const own = name.split("/").at(-1);
    writeFileSync(join(DIST, `${name}.cjs`), `module.exports = require("./${own}.js");\n`);
  }
  const kept = reachable(DIST, ENTRY_FILES);
  const missing = [...kept].filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new Error(`dist/ lacks ${missing.map((file) => relative(DIST, file))}`);
  for (const path of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
    const file = join(DIST, path);
    if (/\.(?:c?js|c?ts)$/.test(path) && !kept.has(file)) rmSync(file);
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) finish();
