// Writes the rows of the catalogue as TypeScript from scripts/catalogue/*.json: checked, and with every source text
// stored once, which keeps the data small on the page. Run after editing a JSON file: npm run catalogue

import { readFileSync, writeFileSync } from "node:fs";

const MIB = 2 ** 20;
const SOURCES_FOLDER = new URL("./catalogue/", import.meta.url);
const ROWS_FOLDER = new URL("../packages/lora-calc/src/catalogue/rows/", import.meta.url);

const CATALOGUES = [
  { file: "models", type: "ModelRow", constant: "MODEL_ROWS", rowOf: (row) => row },
  { file: "gpus", type: "GpuRow", constant: "GPU_ROWS", rowOf: gpuRow },
  { file: "recipes", type: "RecipeRow", constant: "RECIPE_ROWS", rowOf: (row) => row },
];

/** nvidia-smi prints MiB; the library counts bytes. */
function gpuRow({ memoryMiB, usableMiB, contextMiB, ...row }) {
  const { source, checkedOn, ...facts } = row;
  const usable = usableMiB === undefined ? {} : { usableBytes: usableMiB * MIB };
  const context = contextMiB === undefined ? {} : { contextBytes: contextMiB * MIB };
  return { ...facts, memoryBytes: memoryMiB * MIB, ...usable, ...context, source, checkedOn };
}

function check(rows, file) {
  const ids = new Set();
  for (const row of rows) {
    if (ids.has(row.id)) throw new Error(`${file}.json: two rows have the id ${row.id}`);
    ids.add(row.id);
    if (!row.source) throw new Error(`${file}.json: ${row.id} has no source`);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(row.checkedOn ?? "")) {
      throw new Error(`${file}.json: ${row.id} needs checkedOn as YYYY-MM-DD`);
    }
  }
}

/** A value as a TypeScript literal; texts found in `names` become the constant of that name. */
function literal(value, names) {
  if (typeof value === "string") return names.get(value) ?? JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, names)).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, item]) => `${key}: ${literal(item, names)}`);
  return `{ ${fields.join(", ")} }`;
}

function moduleText({ type, constant, file, rowOf }) {
  const rows = JSON.parse(readFileSync(new URL(`${file}.json`, SOURCES_FOLDER), "utf8"));
  check(rows, file);
  const uses = new Map();
  for (const { source } of rows) uses.set(source, (uses.get(source) ?? 0) + 1);
  const repeated = [...uses].filter(([, count]) => count > 1).map(([source]) => source);
  const names = new Map(repeated.map((source, index) => [source, `SOURCE_${index + 1}`]));
  const constants = repeated.map(
    (source) => `const ${names.get(source)} = ${JSON.stringify(source)};`,
  );
  return [
    `/** Written by scripts/build-catalogue.mjs from scripts/catalogue/${file}.json; edit that file. */`,
    "",
    `import type { ${type} } from "./row.js";`,
    "",
    ...constants,
    ...(constants.length > 0 ? [""] : []),
    `export const ${constant}: readonly ${type}[] = [`,
    ...rows.map((row) => `  ${literal(rowOf(row), names)},`),
    "];",
    "",
  ].join("\n");
}

/** File names and texts of the generated modules. */
export function catalogueModules() {
  return CATALOGUES.map((catalogue) => ({
    url: new URL(`${catalogue.file}.ts`, ROWS_FOLDER),
    text: moduleText(catalogue),
  }));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const { url, text } of catalogueModules()) writeFileSync(url, text);
}
