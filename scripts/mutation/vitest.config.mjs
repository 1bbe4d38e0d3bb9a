// What `npm run mutate` runs against a mutant: a handful of the goldens, unit tests, properties over few draws.

import { fileURLToPath, URL } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";

const ROOT = new URL("../../", import.meta.url);
// Most mutants fall to the first: steps of the real code beside ours.
const ORDER = ["/test/mutation/", "/src/", "/test/conformance/", "/test/properties/"];

function rankOf({ moduleId }) {
  return ORDER.findIndex((folder) => moduleId.includes(folder));
}

class MostTellingFirst extends BaseSequencer {
  sort(files) {
    return Promise.resolve([...files].sort((left, right) => rankOf(left) - rankOf(right)));
  }
}

export default defineConfig({
  root: fileURLToPath(ROOT),
  resolve: {
    alias: { "lora-calc": fileURLToPath(new URL("packages/lora-calc/src/index.ts", ROOT)) },
  },
  test: {
    include: [
      "packages/lora-calc/src/**/*.test.ts",
      "packages/lora-calc/test/mutation/*.test.ts",
      "packages/lora-calc/test/conformance/allocations.test.ts",
      "packages/lora-calc/test/properties/*.test.ts",
    ],
    // Scenarios of gigabytes, and networks that are trained: too slow for a thousand mutants. A test that calls the library
    // outside of `it` belongs here too: what it covers is tried against every test.
    exclude: ["**/properties/advice.test.ts", "**/properties/limits.test.ts", "**/src/teach/**"],
    sequence: { sequencer: MostTellingFirst },
    testTimeout: 0,
    // The library is loaded once per mutant, not once per file.
    isolate: false,
    env: { SCENARIOS: "60", ADVICES: "2", DRAWS: "0.02" },
  },
});
