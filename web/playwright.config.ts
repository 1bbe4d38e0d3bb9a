import { defineConfig } from "@playwright/test";

const PORT = 4391;
const address = `http://localhost:${PORT}`;

/** Drives the built site in the Chromium of the machine; the site must have been built. */
export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  workers: 2,
  // A second time for a browser that stands still: a click once waited ten minutes for an element to be stable, in a test that
  // passes alone every time. What fails twice fails.
  retries: 1,
  // Only for what hangs: no test fails because the machine is busy.
  timeout: 600_000,
  expect: { timeout: 120_000 },
  use: {
    baseURL: address,
    actionTimeout: 120_000,
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
