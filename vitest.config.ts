import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: { "lora-calc": new URL("./packages/lora-calc/src/index.ts", import.meta.url).pathname },
  },
  // Half of the cores by default: on two of them one file would run at a time.
  test: {
    include: ["packages/lora-calc/{src,cli,test}/**/*.test.ts"],
    // A handful of the goldens, for `npm run mutate`.
    exclude: ["packages/lora-calc/test/mutation/**"],
    maxWorkers: "100%",
    // A worker loads the library once, not for every file.
    isolate: false,
    // No test fails because the machine is busy.
    testTimeout: 0,
  },
});
