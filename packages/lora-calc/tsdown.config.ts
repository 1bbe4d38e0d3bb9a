import { fileURLToPath } from "node:url";
import { defineConfig } from "tsdown";

/** Bundles the command line with everything it uses, so that nothing is installed at run time. Commands and YAML are chunks. */
export default defineConfig({
  entry: { "cli/main": "cli/main.ts" },
  outDir: "dist",
  format: "esm",
  platform: "node",
  target: "node20",
  clean: false,
  dts: false,
  fixedExtension: false,
  // Half the bytes start faster; names stay, so that a report of a crash can be read.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  tsconfig: "cli/tsconfig.json",
  alias: { "lora-calc": fileURLToPath(new URL("./src/index.ts", import.meta.url)) },
  deps: { alwaysBundle: ["commander", "yaml"], onlyBundle: ["commander", "yaml"] },
  outputOptions: { chunkFileNames: "cli/[name]-[hash].js" },
});
