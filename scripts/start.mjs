// npm start: installs and builds what is missing, prints a worked answer, serves the page.

import { existsSync } from "node:fs";
import { installOnce, ROOT, run, runOrStop } from "./run.mjs";

const RUN = [
  ...["meta-llama/Llama-3.1-8B", "--qlora", "--rank", "16", "--target-modules", "all-linear"],
  ...["--batch-size", "2", "--max-length", "2048", "--gpu", "RTX 4090"],
];
/** The worked answer as TRL runs it, and its verdict with the adapters in PEFT's own dtype. */
const EXAMPLES = [
  ["estimate", ...RUN],
  ["fit", ...RUN, "--adapter-dtype", "float32"],
];

function quoted(argument) {
  return argument.includes(" ") ? `"${argument}"` : argument;
}

installOnce();
console.error("Building …");
runOrStop("npm", ["run", "--silent", "build"]);

for (const example of EXAMPLES) {
  console.log(`\n$ lora-calc ${example.map(quoted).join(" ")}\n`);
  runOrStop("node", ["packages/lora-calc/dist/cli/main.js", ...example]);
}

if (existsSync(`${ROOT}web/build/index.html`)) {
  console.log("\nThe page:");
  process.exitCode = run("npm", ["run", "--silent", "preview", "--workspace", "web"]).code;
}
