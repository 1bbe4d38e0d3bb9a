import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "./run.js";

const MODEL = ["export", "Qwen/Qwen2.5-0.5B", "--gpu", "T4"];
const RUN = [...MODEL, "--rank", "8"];

describe("export --to a trainer's file", () => {
  it("writes it to standard output, and what is to be known to standard error", async () => {
    const { code, result, talk } = await run(...RUN, "--qlora", "--to", "axolotl");
    expect(code).toBe(0);
    expect(result).toContain("adapter: qlora\nload_in_4bit: true\n");
    // 24 layers of 8 · 22,912 (both sides of seven projections), beside the 494,032,768 of the model.
    expect(result).toContain("# trainable params: 4,399,104 || all params: 498,431,872");
    expect(talk).toContain("Run it with: axolotl train axolotl.yaml");
  });

  it("writes all of its files to a folder", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "lora-calc-")), "run");
    const { code, result, talk } = await run(...RUN, "--to", "llama-factory", "--out", folder);
    expect([code, result]).toEqual([0, ""]);
    expect(readdirSync(folder).sort()).toEqual(["dataset_info.json", "llama-factory.yaml"]);
    expect(readFileSync(join(folder, "llama-factory.yaml"), "utf8")).toContain("lora_rank: 8");
    expect(talk).toContain("Wrote ");
  });

  it("writes any other format there, too", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "lora-calc-")), "run");
    const { code, result } = await run(...RUN, "--to", "adapter-config", "--out", folder);
    expect([code, result]).toEqual([0, ""]);
    expect(readFileSync(join(folder, "adapter_config.json"), "utf8")).toContain('"r": 8');
  });

  it("names what a file cannot say", async () => {
    const { talk } = await run(...RUN, "--to", "litgpt", "--optim", "paged_adamw_8bit");
    expect(talk).toContain("training.optim paged_adamw_8bit cannot be said to LitGPT");
  });

  it.each([
    [["--full-finetuning", "--to", "litgpt"], "finetune_lora trains adapters"],
    [["--peft-type", "IA3", "--to", "trl-yaml"], "is counted but not written"],
    [["--to", "torchtune"], "axolotl"],
  ])("refuses %j", async (flags, words) => {
    const { code, talk } = await run(...MODEL, ...flags);
    expect(code).not.toBe(0);
    expect(talk).toContain(words);
  });
});
