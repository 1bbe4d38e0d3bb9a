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
const TEXT_PACKAGES = ["yaml", "@lezer/python", "@lezer/lr", "@lezer/common", "@lezer/highlight"];
const FILES_PACKAGES = [...TEXT_PACKAGES, "undici"];
const CLI_PACKAGES = [
  ...["commander", "fast-string-width", "fast-string-truncated-width"],
  ...FILES_PACKAGES,
];

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
      "lora-calc/hub": pathOf("./hub/index.ts"),
      "lora-calc": pathOf("./src/index.ts"),
    },
    deps: { alwaysBundle: CLI_PACKAGES, onlyBundle: CLI_PACKAGES },
    outputOptions: { chunkFileNames: "cli/[name]-[hash].js" },
  },
  // The readers of files, with YAML and the proxy in them; the library itself, and what asks the Hub, they import.
  {
    ...SHARED,
    entry: { "files/index": "files/index.ts" },
    format: "esm",
    dts: true,
    tsconfig: "files/tsconfig.json",
    deps: {
      neverBundle: ["lora-calc", "lora-calc/hub"],
      alwaysBundle: FILES_PACKAGES,
      onlyBundle: FILES_PACKAGES,
    },
    outputOptions: { chunkFileNames: "files/[name]-[hash].js" },
  },
  // The readers of texts alone, for any runtime.
  {
    ...SHARED,
    platform: "neutral",
    entry: { "text/index": "files/text.ts" },
    format: "esm",
    dts: true,
    tsconfig: "files/tsconfig.json",
    deps: {
      neverBundle: ["lora-calc"],
      alwaysBundle: TEXT_PACKAGES,
      onlyBundle: TEXT_PACKAGES,
    },
    outputOptions: { chunkFileNames: "text/[name]-[hash].js" },
  },
  // What asks the Hub, for any runtime.
  {
    ...SHARED,
    platform: "neutral",
    entry: { "hub/index": "hub/index.ts" },
    format: "esm",
    dts: true,
    tsconfig: "hub/tsconfig.json",
    deps: { neverBundle: ["lora-calc"] },
    outputOptions: { chunkFileNames: "hub/[name]-[hash].js" },
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
  ...["files", "hub", "text"].map((folder): UserConfig => ({
    ...SHARED,
    entry: { [`${folder}/index`]: folder === "text" ? "files/text.ts" : `${folder}/index.ts` },
    format: "cjs",
    dts: { emitDtsOnly: true },
    tsconfig: `${folder === "text" ? "files" : folder}/tsconfig.json`,
    deps: { neverBundle: ["lora-calc", "lora-calc/hub"] },
  })),
]);
