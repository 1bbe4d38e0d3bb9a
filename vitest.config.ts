import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: { "lora-calc": new URL("./packages/lora-calc/src/index.ts", import.meta.url).pathname },
  },
  // Half of the cores by default: on two of them one file would run at a time.
  test: { include: ["packages/lora-calc/{src,cli,test}/**/*.test.ts"], maxWorkers: "100%" },
});
