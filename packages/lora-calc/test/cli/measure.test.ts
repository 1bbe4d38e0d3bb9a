import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "./run.js";

const RUN = ["Qwen/Qwen2.5-0.5B", "--rank", "8", "--gpu", "T4"];

async function calibrated(result: object, ...flags: readonly string[]) {
  const file = join(mkdtempSync(join(tmpdir(), "lora-calc-")), "result.json");
  writeFileSync(file, JSON.stringify(result));
  return run("calibrate", file, ...flags);
}

describe("measure", () => {
  it("writes a script that needs no weights", async () => {
    const { code, result, talk } = await run("measure", ...RUN, "--qlora");
    expect(code).toBe(0);
    expect(result).toContain('"stack": "trl-1.16", "hardware": {"gpu": "T4"}');
    expect(result).toContain("file.truncate(");
    expect(result).not.toContain("your/dataset");
    expect(talk).toContain("lora-calc calibrate result.json");
  });

  it.each([
    [["--stack", "axolotl-0.19"], "Axolotl 0.19 is another"],
    [["--stack", "unsloth-2026.8"], "Unsloth 2026.8 is another"],
    [["--stack", "hf-trainer-5.24"], "Trainer is another"],
    [["--stack", "plain-loop"], "is another"],
    [["--method", "dpo"], "preferences have no script"],
    [["--gpu-count", "2"], "runs on one card"],
  ])("refuses %j", async (flags, words) => {
    const { code, talk } = await run("measure", ...RUN, ...flags);
    expect(code).toBe(2);
    expect(talk).toContain(words);
  });
});

describe("calibrate", () => {
  const result = {
    scenario: { model: "Qwen/Qwen2.5-0.5B", training: {}, hardware: { gpu: "T4" } },
    card: "Tesla T4",
    versions: { torch: "2.13.0" },
    context: 150_000_000,
    measured: { allocated: 1_000_000_000 },
  };

  it("shows each tier, the context, and a row", async () => {
    const { code, result: text } = await calibrated(result);
    expect(code).toBe(0);
    expect(text).toContain("Measured on Tesla T4, torch 2.13.0");
    expect(text).toMatch(/allocated {2}953\.7 MiB .* outside the band/);
    expect(text).toContain("hardware: { context_bytes: 150000000 }");
    expect(text).toContain("| Tesla T4 | Qwen/Qwen2.5-0.5B | 16-bit, 1 × 1024 | 953.7 |");
  });

  it("answers as JSON, and refuses what is no result", async () => {
    const { result: text } = await calibrated(result, "--json");
    expect(JSON.parse(text)).toMatchObject({ tiers: [{ tier: "allocated" }] });
    const refused = await calibrated({ vram: 3 });
    expect(refused.code).toBe(2);
    expect(refused.talk).toContain("measure.py");
  });
});
