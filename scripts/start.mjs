// npm start: installs and builds what is missing, prints one worked answer, serves the page.

import { existsSync } from "node:fs";
import { installOnce, ROOT, run, runOrStop } from "./run.mjs";

const EXAMPLE = [
  ...[
    "estimate",
    "meta-llama/Llama-3.1-8B",
    "--qlora",
    "--rank",
    "16",
    "--target-modules",
    "all-linear",
  ],
  ...["--batch-size", "2", "--max-length", "2048", "--gpu", "RTX 4090"],
];

function quoted(argument) {
  return argument.includes(" ") ? `"${argument}"` : argument;
}

installOnce();
console.error("Building …");
runOrStop("npm", ["run", "--silent", "build"]);

console.log(`\n$ lora-calc ${EXAMPLE.map(quoted).join(" ")}\n`);
runOrStop("node", ["packages/lora-calc/dist/cli/main.js", ...EXAMPLE]);

if (existsSync(`${ROOT}web/build/index.html`)) {
  console.log("\nThe page:");
  process.exitCode = run("npm", ["run", "--silent", "preview", "--workspace", "web"]).code;
}
