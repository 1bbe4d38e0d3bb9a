/** The tarball that npm would publish, installed offline in an empty folder. Needs a build: npm run build. */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "lora-calc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTRY_FILES, reachable } from "../../../../scripts/finish-dist.mjs";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = fileURLToPath(new URL("../../../../node_modules", import.meta.url));
/** npm alone takes seconds on a busy machine. */
const SLOW = 240_000;

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

function pack(destination: string): Packed {
  mkdirSync(destination, { recursive: true });
  const [listing] = JSON.parse(
    runIn(PACKAGE, "npm", ["pack", "--json", "--pack-destination", destination]),
  ) as readonly Packed[];
  if (listing === undefined) throw new Error("npm packed nothing");
  return listing;
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lora-calc-"));
  packed = pack(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  runIn(folder, "npm", ["install", "--offline", "--no-audit", "--no-fund", `./${packed.filename}`]);
}, SLOW);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Code in a file of its own; what it prints, also where it fails or warns. */
function run(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, code);
  const { stdout, stderr } = spawnSync("node", [file], { cwd: folder, encoding: "utf8" });
  return `${stdout}${stderr}`.trim();
}

describe("the packed package", () => {
  it("holds the build and its documents, nothing else", () => {
    const unexpected = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^(?:dist\/|package\.json$|LICENSE$|NOTICE$|README\.md$)/.test(path));
    expect(unexpected).toEqual([]);
    expect(packed.files.map(({ path }) => path)).toContain("LICENSE");
  });

  it("holds no file that nobody imports", () => {
    const installed = join(folder, "node_modules/lora-calc");
    const reached = reachable(join(installed, "dist"), ENTRY_FILES);
    const code = packed.files.map(({ path }) => path).filter((path) => path.startsWith("dist/"));
    expect(code.filter((path) => !reached.has(join(installed, path)))).toEqual([]);
    expect([...reached].filter((path) => !existsSync(path))).toEqual([]);
  });

  it(
    "has the same bytes when it is packed again",
    () => {
      const again = join(folder, "again");
      expect(digestOf(join(again, pack(again).filename))).toBe(
        digestOf(join(folder, packed.filename)),
      );
    },
    SLOW,
  );

  it("needs no other package", () => {
    const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as {
      packages: Record<string, unknown>;
    };
    expect(Object.keys(packages).sort()).toEqual(["", "node_modules/lora-calc"]);
  });

  it("answers through the command", () => {
    expect(runIn(folder, "npx", ["--offline", "lora-calc", "--version"]).trim()).toBe(VERSION);
  });
});

describe("from a module", () => {
  it("answers, reads a file and asks", () => {
    writeFileSync(join(folder, "run.yaml"), "model: gpt2\nadapter: { r: 8 }\n");
    const code = `import { asScenario, estimate, InputError } from "lora-calc";
      import { readDocument } from "lora-calc/files";
      import { rankSum, THEMES } from "lora-calc/teach";
      const { value } = await readDocument("run.yaml");
      const failed = await readDocument("none.json").catch((error) => error instanceof InputError);
      console.log(estimate(asScenario(value)).parameters.trainable, failed, typeof rankSum, THEMES.length > 0);`;
    expect(run("program.mjs", code)).toBe("294912 true function true");
  });

  it("keeps what teaches out of the main entry", () => {
    const code = `import * as main from "lora-calc";
      console.log(["quizOf", "lessonOf", "trainBoth", "studyRanks"].filter((name) => name in main).length);`;
    expect(run("entries.mjs", code)).toBe("0");
  });
});

describe("from CommonJS", () => {
  it("answers without a warning, and is the same library", () => {
    const code = `const { estimate, InputError } = require("lora-calc");
      const { readDocument } = require("lora-calc/files");
      const { quizOf } = require("lora-calc/teach");
      const trainable = estimate({ model: "gpt2", adapter: {} }).parameters.trainable;
      readDocument("none.json").catch((error) =>
        import("lora-calc").then((main) =>
          console.log(trainable, error instanceof InputError, main.InputError === InputError, typeof quizOf)));`;
    expect(run("program.cjs", code)).toBe("294912 true true function");
  });
});

const PROGRAM = `import { estimate, isRefusal } from "lora-calc";
import type { Result, Scenario } from "lora-calc";
import { readDocument } from "lora-calc/files";
import type { SourceDocument } from "lora-calc/files";
import { rankSum } from "lora-calc/teach";
import type { Lesson } from "lora-calc/teach";
const scenario: Scenario = { model: "gpt2", training: { optim: "sgd" }, stack: "trl-1.13" };
const result: Result = estimate(scenario);
export const trainable: number = isRefusal(result) ? 0 : result.parameters.trainable;
export const sum: typeof rankSum = rankSum;
export const read = (path: string): Promise<SourceDocument> => readDocument(path);
export type L = Lesson;
// @ts-expect-error -- a name that nobody has
estimate({ model: "gpt2", training: { max_lenght: 3 } });
`;

const RESOLUTIONS = [
  ["node16", ["--module", "node16"]],
  ["nodenext", ["--module", "nodenext"]],
  ["bundler", ["--module", "esnext", "--moduleResolution", "bundler"]],
] as const;

describe("has types that a strict program compiles against", () => {
  it.each(
    RESOLUTIONS.flatMap(([name, options]) =>
      [true, false].map((skips) => [name, skips, options] as const),
    ),
  )(
    "%s, skipLibCheck %s",
    (name, skips, options) => {
      // A bundler reads modules only.
      const files = ["program.mts", ...(name === "bundler" ? [] : ["program.cts"])];
      for (const file of files) writeFileSync(join(folder, file), PROGRAM);
      const compiler = join(MODULES, "typescript/bin/tsc");
      const { stdout } = spawnSync(
        "node",
        [
          ...[compiler, "--strict", "--noEmit", "--target", "es2022"],
          ...["--exactOptionalPropertyTypes", "--skipLibCheck", String(skips), ...options],
          ...files,
        ],
        { cwd: folder, encoding: "utf8" },
      );
      expect(stdout).toBe("");
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
