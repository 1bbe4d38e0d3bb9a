// Finds the browser of the tests: CHROMIUM_PATH, else one on the machine, else, as root on Debian, apt installs it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/** The browser, and fonts so that text has its real width and Chinese is not boxes. */
const PACKAGES = ["chromium", "fonts-liberation", "fonts-noto-cjk"];

function onPath() {
  const folders = (process.env.PATH ?? "").split(":");
  const paths = folders.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  return paths.find((path) => existsSync(path));
}

function apt(...args) {
  const { status } = spawnSync("apt-get", args, {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}

/** Path of the browser; ends the process with the command to run where it cannot be had. */
export function findChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given && !existsSync(given)) {
    console.error(`CHROMIUM_PATH is ${given}, which does not exist.`);
    process.exit(1);
  }
  const found = given ?? onPath();
  if (found) return found;
  const canInstall = existsSync("/etc/debian_version") && process.getuid?.() === 0;
  if (
    canInstall &&
    apt("update", "-q") &&
    apt("install", "-q", "-y", "--no-install-recommends", ...PACKAGES)
  ) {
    const installed = onPath();
    if (installed) return installed;
  }
  console.error("The browser tests need Chromium. Install it, or name it:");
  console.error(`  sudo apt-get install -y ${PACKAGES.join(" ")}`);
  console.error("  CHROMIUM_PATH=/path/to/chromium npm test");
  process.exit(1);
}
