/** The tarball that npm would publish, installed offline in an empty folder. Needs a build: npm run build. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "lora-calc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const TYPESCRIPT = fileURLToPath(
  new URL("../../../../node_modules/typescript/bin/tsc", import.meta.url),
);
/** npm alone takes seconds on a busy machine. */
const SLOW = 120_000;

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder = "";
let packed: Packed = { filename: "", files: [] };

function runIn(cwd: string, command: string, args: readonly string[]): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lora-calc-"));
  const [listing] = JSON.parse(
    runIn(PACKAGE, "npm", ["pack", "--json", "--pack-destination", folder]),
  ) as readonly Packed[];
  packed = listing ?? packed;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  runIn(folder, "npm", ["install", "--offline", "--no-audit", "--no-fund", `./${packed.filename}`]);
}, SLOW);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the packed package", () => {
  it("holds the build and its documents, nothing else", () => {
    const unexpected = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^(?:dist\/|package\.json$|LICENSE$|NOTICE$|README\.md$)/.test(path));
    expect(unexpected).toEqual([]);
    expect(packed.files.map(({ path }) => path)).toContain("LICENSE");
  });

  it("needs no other package", () => {
    const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as {
      packages: Record<string, unknown>;
    };
    expect(Object.keys(packages).sort()).toEqual(["", "node_modules/lora-calc"]);
  });

  it("answers through the library", () => {
    const code = `import { estimate } from "lora-calc";
      console.log(JSON.stringify(estimate({ model: "gpt2", adapter: {} }).parameters.trainable));`;
    expect(runIn(folder, "node", ["--input-type=module", "--eval", code]).trim()).toBe("294912");
  });

  it("answers through the command", () => {
    expect(runIn(folder, "npx", ["--offline", "lora-calc", "--version"]).trim()).toBe(VERSION);
  });

  it(
    "has types that a strict program compiles against",
    () => {
      const program = `import { estimate, isRefusal } from "lora-calc";
      import type { Result } from "lora-calc";
      const result: Result = estimate({ model: "gpt2" });
      export const trainable: number = isRefusal(result) ? 0 : result.parameters.trainable;`;
      writeFileSync(join(folder, "program.ts"), program);
      const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022"];
      expect(runIn(folder, "node", [TYPESCRIPT, ...options, "program.ts"])).toBe("");
    },
    SLOW,
  );
});

describe("VERSION", () => {
  it("is the version of package.json", () => {
    const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
      version: string;
    };
    expect(VERSION).toBe(version);
  });
});
