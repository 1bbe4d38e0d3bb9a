/** Which releases are computed, with what evidence: docs/worlds.md, counted from the goldens of each world. */

import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { nearestWorld } from "../../src/nearest-world.js";
import { listLaunchers, pinText } from "../../src/stacks/launchers.js";
import { listStacks } from "../../src/stacks/stacks.js";
import { chooseWorld } from "../../src/worlds/choose-world.js";
import { listWorlds, USUAL_WORLD } from "../../src/worlds/index.js";
import { differingRules } from "../../src/worlds/rule-texts.js";
import type { World } from "../../src/worlds/world.js";
import { readTapes } from "./compare-tape.js";
import { DIFFERENCES, readTraces } from "./compare-traces.js";
import { readGoldens } from "./goldens.js";

/** What `npm run world` wrote of a world (conformance/worlds). */
interface Judged {
  readonly versions: Readonly<Record<string, string>>;
  readonly [judge: string]:
    | { readonly compared?: number; readonly differ?: Readonly<Record<string, number>> }
    | Readonly<Record<string, string>>;
}

/** Drawn adapters, of LoRA, of other methods and on parameters. */
const COUNTS = ["counts", "method-counts", "layer-counts"] as const;

function judgedOf({ id }: World): Judged | undefined {
  const file = new URL(`../../../../conformance/worlds/${id}.json`, import.meta.url);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Judged) : undefined;
}

function goldensOf(kind: "memory" | "tapes", world: World): string {
  return world === USUAL_WORLD ? `${kind}.jsonl.gz` : `${kind}-${world.id}.jsonl.gz`;
}

/** The torch of the judge that wrote a golden. */
function tracedWith(name: string): string {
  const found = readTraces(name).find(({ expected }) => expected?.versions !== undefined);
  return found?.expected?.versions?.torch.replace("+cpu", "") ?? "–";
}

const TORCH_TEXT =
  "Any of 2.11 to 2.14 beside each of these. Up to 2.13 their attention kernels take the same; 2.14's memory-efficient kernel takes grouped heads (fp16 on a T4 and V100, fp32 everywhere leave the math kernel), and its cuDNN heads of 256 on B200, too, and of 129 to 255 no longer with gradients. Traced with 2.14.1 beside transformers 5.24.0.";

/** How many traces there are, and the worst of those that are not equal. */
function tracesText(name: string): string {
  const traced = readTraces(name).filter(({ expected }) => expected !== undefined);
  const shares = traced.map(({ scenario: { id }, expected }) => {
    return Math.abs(DIFFERENCES[name]?.[id]?.[0] ?? 0) / (expected?.allocated_peak ?? 1);
  });
  const equal = shares.filter((share) => share === 0).length;
  return `${equal} of ${traced.length}, worst ${(100 * Math.max(...shares)).toFixed(2)} %`;
}

function countsText(world: World): string {
  if (world === USUAL_WORLD) return "docs/coverage.md";
  const judged = judgedOf(world);
  const rows = COUNTS.flatMap((name) => {
    const { compared, differ } = judged?.[name] ?? {};
    return typeof compared === "number" && typeof differ === "object" ? [{ compared, differ }] : [];
  });
  if (world.verified.modelTypes === "all" && rows.length < COUNTS.length) return "–";
  if (rows.length < COUNTS.length) {
    return `${readGoldens("counts-transformers-4.jsonl.gz").length} models of ${world.verified.modelTypes.length} types`;
  }
  const compared = rows.reduce((sum, row) => sum + row.compared, 0);
  const differ = rows.flatMap((row) => Object.values(row.differ)).reduce((a, b) => a + b, 0);
  const { differ: trees = {} } = judged?.["trees"] ?? {};
  const types = typeof trees === "object" ? Object.keys(trees) : [];
  return `${compared} adapters asked again, ${differ} answers differ; trees: ${types.join(", ")} differ in names or buffers`;
}

function worldRow(world: World): string {
  const { releases, trl, verified } = world;
  const { memory } = verified;
  const cells = [
    releases.transformers[0],
    releases.peft[0],
    trl,
    tracedWith(goldensOf("memory", world)),
    countsText(world),
    memory === "all" ? "every type with a program" : memory.join(", "),
    tracesText(goldensOf("memory", world)),
    String(readTapes(goldensOf("tapes", world)).length),
  ];
  return `| ${cells.join(" | ")} |`;
}

function page(): string {
  return [
    "# Worlds",
    "",
    "A world is a set of releases that are installed together. What differs between them is data (`packages/lora-calc/src/worlds`);",
    "`versions` in a scenario chooses one, and a stack brings its own. Written by `packages/lora-calc/test/conformance/worlds.test.ts`.",
    "",
    "| transformers | PEFT | TRL | Traced with torch | Counts | Memory of | Allocated peaks equal to the byte | Runs equal event by event |",
    "| --- | --- | --- | --- | --- | --- | --- | ---: |",
    ...listWorlds().map(worldRow),
    "",
    `## What differs from transformers ${USUAL_WORLD.releases.transformers[0]}`,
    "",
    ...listWorlds().flatMap((world) => {
      const texts = differingRules(USUAL_WORLD.rules, world.rules).map(({ text }) => `- ${text}`);
      return texts.length === 0 ? [] : [`### transformers ${world.releases.transformers[0]}`, "", ...texts, ""];
    }),
    "## torch",
    "",
    `${TORCH_TEXT} Allocated peaks equal to the byte: ${tracesText("memory-torch-2.14.jsonl.gz")}; ${readTapes("tapes-torch-2.14.jsonl.gz").length} runs are equal event by event.`,
    "",
    "## Stacks",
    "",
    "| Stack | World | |",
    "| --- | --- | --- |",
    ...listStacks().map(({ id, name, releases }) => {
      const { world, isNearest } = chooseWorld(undefined, { name, releases });
      return `| ${id} | ${world.id} | ${isNearest ? "the nearest" : ""} |`;
    }),
    "",
    "## Launchers",
    "",
    "What they install, and the world that is nearest. Their own kernels, defaults and loops are not computed yet.",
    "",
    "| Launcher | Pins | Nearest |",
    "| --- | --- | --- |",
    ...listLaunchers().map((each) => `| ${each.name} | ${pinText(each)} | ${nearestWorld(each)} |`),
    "",
  ].join("\n");
}

it("is told in docs/worlds.md", async () => {
  await expect(page()).toMatchFileSnapshot("../../../../docs/worlds.md");
});

it("no world counts otherwise than the usual one where its judge answers as that", () => {
  const newest = listWorlds().filter((world) => judgedOf(world)?.["counts"] !== undefined);
  for (const world of newest) {
    const rules = differingRules(USUAL_WORLD.rules, world.rules).map(({ rule }) => rule);
    for (const rule of ["fusesExperts", "tiesAsStored", "packsLinearSubclasses", "adaptsTiedHeads"])
      expect(rules, world.id).not.toContain(rule);
  }
});
