import { defineConfig } from "vitest/config";

/** The package's own sources stand in for what it publishes. */
const SOURCES = new URL("./packages/lora-calc/", import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^lora-calc$/, replacement: `${SOURCES}src/index.ts` },
      { find: /^lora-calc\/teach$/, replacement: `${SOURCES}src/teach.ts` },
      { find: /^lora-calc\/hub$/, replacement: `${SOURCES}hub/index.ts` },
      { find: /^lora-calc\/files$/, replacement: `${SOURCES}files/index.ts` },
    ],
  },
  // Half of the cores by default: on two of them one file would run at a time.
  test: {
    include: ["packages/lora-calc/{src,cli,test}/**/*.test.ts"],
    // A handful of the goldens, for `npm run mutate`.
    exclude: ["packages/lora-calc/test/mutation/**"],
    maxWorkers: "100%",
    // A worker loads the library once, not for every file.
    isolate: false,
    // Recordings of a step live for one estimate: with room for the young ones a tenth less time goes to collecting them.
    execArgv: ["--max-semi-space-size=64"],
    // No test fails because the machine is busy.
    testTimeout: 0,
  },
});
