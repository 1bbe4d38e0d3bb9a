// Runs a command of the workspace with its output on the terminal.

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Exit code of a command; `capture` returns its stdout instead of showing it. */
export function run(command, args, { env = {}, capture = false } = {}) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", capture ? "pipe" : "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (error) console.error(`${command}: ${error.message}`);
  return { code: status ?? 1, stdout: stdout ?? "" };
}

/** Exit code of a command that runs beside others, and all that it said. */
export function runAside(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => said.push(text));
    child.on("error", ({ message }) => resolve({ code: 1, output: `${command}: ${message}\n` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output: said.join("") }));
  });
}

/** Like `run`, and ends the process when the command fails. */
export function runOrStop(command, args, options) {
  const result = run(command, args, options);
  if (result.code !== 0) process.exit(result.code);
  return result;
}

/** Installs what package-lock.json names, once. */
export function installOnce() {
  if (existsSync(`${ROOT}node_modules/.package-lock.json`)) return;
  runOrStop("npm", ["ci", "--no-audit", "--no-fund"], {
    env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1", PUPPETEER_SKIP_DOWNLOAD: "1" },
  });
}
