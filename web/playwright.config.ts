import { defineConfig } from "@playwright/test";

const PORT = 4391;
const address = `http://localhost:${PORT}`;

/** Drives the built site in the Chromium of the machine; the site must have been built. */
export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  // Only for what hangs: no test fails because the machine is busy.
  timeout: 600_000,
  expect: { timeout: 120_000 },
  use: {
    baseURL: address,
    launchOptions: {
      executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
    },
    permissions: ["clipboard-read", "clipboard-write"],
  },
  outputDir: "../reports/playwright",
  webServer: {
    command: `npx vite preview --port ${PORT} --strictPort`,
    url: address,
    reuseExistingServer: false,
  },
});
