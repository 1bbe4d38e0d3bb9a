/** What starts a run on an engine is what the engine's own reader took, and it read the cards of the run there. */

import { describe, expect, it } from "vitest";
import { asScenario } from "../../src/exchange/as-scenario.js";
import { isObject } from "../../src/problem/fields.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import { LAUNCH_ENGINES, writeLaunch } from "../../src/write-launch.js";
import { readGoldens } from "./goldens.js";

interface Row {
  readonly id: string;
  readonly engine: (typeof LAUNCH_ENGINES)[number];
  readonly scenario: JsonObject;
  /** Of the engine's file, as it was when its reader was asked. */
  readonly text: string;
  readonly read?: JsonObject;
}

const ROWS = readGoldens("launches.jsonl.gz") as readonly Row[];

/** What the reader of each engine says of where a run is. */
function placeOf({ scenario, engine }: Row): JsonObject {
  const hardware = isObject(scenario["hardware"]) ? scenario["hardware"] : {};
  const [cards, nodes] = [Number(hardware["count"]), Number(hardware["nodes"])];
  if (engine === "accelerate")
    return { processes: cards * nodes, nodes, kind: cards * nodes > 1 ? "MULTI_GPU" : "NO" };
  const names: Readonly<Record<string, string>> = {
    ...{ L4: "L4", "A100 80GB SXM": "A100-80GB", "H100 SXM": "H100" },
  };
  if (engine === "skypilot")
    return { accelerators: `${names[String(hardware["gpu"])] ?? ""}:${cards}`, nodes };
  const flavors: Readonly<Record<string, string>> = {
    ...{ L4: "l4x1", "A100 80GB SXM": "a100-large", H200: "h200" },
  };
  return engine === "hf-jobs" ? { flavor: flavors[String(hardware["gpu"])] } : { cards, nodes };
}

describe.each(LAUNCH_ENGINES)("%s", (engine) => {
  const rows = ROWS.filter((row) => row.engine === engine);

  it("took every drawn run, and every text that tries to break out", () => {
    expect(rows.filter(({ read }) => read === undefined)).toEqual([]);
    expect(rows.filter(({ id }) => id.startsWith("run")).length).toBeGreaterThanOrEqual(40);
    expect(rows.filter(({ id }) => id.startsWith("hostile")).length).toBeGreaterThanOrEqual(40);
  });

  it("is written as it was when it was taken, with the cards of the run", () => {
    // Every fourth is enough to see that a writer has changed.
    for (const row of rows.filter((_, index) => index % 4 === 0)) {
      const found = writeLaunch(asScenario(row.scenario), engine);
      expect([row.id, isRefusal(found) ? found.error.message : found.files[0].text]).toEqual([
        row.id,
        row.text,
      ]);
    }
    for (const row of rows) expect(row.read).toMatchObject(placeOf(row));
  });
});

describe("a run that an engine has no file of", () => {
  const run = { model: "gpt2", adapter: { r: 8 } };
  it.each([
    ["skypilot", {}, "SkyPilot's name of the card is not known here"],
    ["skypilot", { gpu: "RTX 3060" }, "SkyPilot's name of rtx-3060-12gb is not known here"],
    ["hf-jobs", { gpu: "H200", count: 4 }, "uv runs a script in one process"],
    ["hf-jobs", { gpu: "RTX 4090" }, "the Hub has no flavor of rtx-4090"],
    ["slurm", { gpu: "no card" }, "no card"],
  ] as const)("%s on %j is refused by name", (engine, hardware, message) => {
    const found = writeLaunch(asScenario({ ...run, hardware }), engine);
    expect(isRefusal(found) ? found.error.message : "").toContain(message);
  });

  it("starts one process per card, and meets at the first machine where there are several", () => {
    const last = (hardware: object): string => {
      const found = writeLaunch(asScenario({ ...run, hardware }), "slurm");
      if (isRefusal(found)) throw new Error(found.error.message);
      return found.files[0].text.trimEnd().split("\n").at(-1) ?? "";
    };
    expect(last({})).toBe("srun python train.py");
    expect(last({ gpu: "T4", count: 2 })).toBe("srun torchrun --nproc-per-node=2 --standalone train.py");
    expect(last({ gpu: "T4", count: 2, nodes: 2 })).toContain('--rdzv-endpoint="$FIRST_NODE:29500"');
  });
});
