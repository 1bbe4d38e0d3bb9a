import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: { "lora-calc": new URL("./packages/lora-calc/src/index.ts", import.meta.url).pathname },
  },
  test: { include: ["packages/lora-calc/{src,cli,test}/**/*.test.ts"] },
});
