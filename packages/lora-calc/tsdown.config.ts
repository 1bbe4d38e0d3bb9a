import { fileURLToPath } from "node:url";
import { defineConfig } from "tsdown";
import type { UserConfig } from "tsdown";

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const SHARED: UserConfig = {
  outDir: "dist",
  platform: "node",
  target: "node20",
  clean: false,
  fixedExtension: false,
  // Half the bytes start faster; names stay, so that a report of a crash can be read.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
};

/** What the command line brings with it, with what these use. */
const CLI_PACKAGES = ["commander", "yaml", "fast-string-width", "fast-string-truncated-width"];

/** What tsc does not write: see "What is published" in ARCHITECTURE.md. */
export default defineConfig([
  // The command line with everything it uses, so that nothing is installed at run time. Commands and YAML are chunks.
  {
    ...SHARED,
    entry: { "cli/main": "cli/main.ts" },
    format: "esm",
    dts: false,
    tsconfig: "cli/tsconfig.json",
    alias: {
      "lora-calc/files": pathOf("./files/index.ts"),
      "lora-calc": pathOf("./src/index.ts"),
    },
    deps: { alwaysBundle: CLI_PACKAGES, onlyBundle: CLI_PACKAGES },
    outputOptions: { chunkFileNames: "cli/[name]-[hash].js" },
  },
  // The readers of files, with YAML in them; the library itself they import.
  {
    ...SHARED,
    entry: { "files/index": "files/index.ts" },
    format: "esm",
    dts: true,
    tsconfig: "files/tsconfig.json",
    deps: { neverBundle: ["lora-calc"], alwaysBundle: ["yaml"], onlyBundle: ["yaml"] },
    outputOptions: { chunkFileNames: "files/[name]-[hash].js" },
  },
  // Types for CommonJS; its code is a line that requires the module (scripts/finish-dist.mjs).
  {
    ...SHARED,
    entry: { index: "src/index.ts", teach: "src/teach.ts" },
    format: "cjs",
    dts: { emitDtsOnly: true },
    tsconfig: "tsconfig.build.json",
    outputOptions: { chunkFileNames: "types-[hash].cjs" },
  },
  {
    ...SHARED,
    entry: { "files/index": "files/index.ts" },
    format: "cjs",
    dts: { emitDtsOnly: true },
    tsconfig: "files/tsconfig.json",
    deps: { neverBundle: ["lora-calc"] },
  },
]);
