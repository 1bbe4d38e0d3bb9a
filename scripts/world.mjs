// npm run world -- transformers-5.24 [--only counts|memory|tapes]: asks the judges with the releases of a world, in a scratch
// environment, and prints what is different there (conformance/world.py). A release without a file in src/worlds gets one, as
// a draft with the rules of the usual world: what was printed says which of them are others.

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { ROOT, run, runOrStop } from "./run.mjs";

const FOLDER = `${ROOT}conformance/worlds/`;
const WORLDS = `${ROOT}packages/lora-calc/src/worlds/`;
const USUAL = "transformers-5.18";

const [name, ...rest] = process.argv.slice(2);
const known = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".txt"))
  .map((file) => file.replace(".txt", ""));
if (!known.includes(name)) {
  console.error(
    `npm run world -- NAME takes one of ${known.join(", ")}: conformance/worlds/NAME.txt lists its releases.`,
  );
  process.exit(2);
}

const requirements = `${FOLDER}${name}.txt`;
const python = process.env.LORA_CALC_PYTHON ?? `${FOLDER}.scratch/${name}/venv/bin/python`;
if (!existsSync(python)) {
  runOrStop("python3", ["-m", "venv", `${FOLDER}.scratch/${name}/venv`]);
  runOrStop(python, ["-m", "pip", "install", "--quiet", "-r", requirements]);
}
if (name.startsWith("transformers-")) draft(`${WORLDS}${name}.ts`);
process.exit(run(python, ["conformance/world.py", name, ...rest]).code);

/** The usual world under another name, with the releases of the requirements. */
function draft(file) {
  if (existsSync(file)) return;
  const releases = Object.fromEntries(
    [...readFileSync(requirements, "utf8").matchAll(/^(\w+)==(\S+)$/gm)].map(
      ([, library, release]) => [library, release],
    ),
  );
  const usual = readFileSync(`${WORLDS}${USUAL}.ts`, "utf8");
  const text = ["transformers", "peft", "torch"]
    .reduce(
      (now, library) =>
        now.replace(new RegExp(`(${library}: \\[")[^"]+`), `$1${releases[library]}`),
      usual,
    )
    .replace(/trl: "[^"]+"/, `trl: "${releases.trl}"`)
    .replaceAll(USUAL, name)
    .replace(
      /TRANSFORMERS_\w+/,
      `TRANSFORMERS_${name.replace("transformers-", "").replaceAll(".", "_")}`,
    );
  writeFileSync(file, text);
  console.log(`${file} is a draft: look at its rules, and add its line to src/worlds/index.ts.`);
}
