// Serves the built site to a script.

import { spawn } from "node:child_process";
import { ROOT } from "../../scripts/run.mjs";

/** Stops it again when called. */
export async function serve(port) {
  const address = `http://localhost:${port}/`;
  const args = ["vite", "preview", "--port", String(port), "--strictPort"];
  const server = spawn("npx", args, { cwd: `${ROOT}web`, stdio: "ignore", detached: true });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isUp = await fetch(address).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return () => process.kill(-server.pid);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  process.kill(-server.pid);
  throw new Error(`nothing answers at ${address}`);
}
