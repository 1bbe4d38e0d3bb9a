/** The commands in this process, with their output caught. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBatch } from "../../cli/commands/batch.js";
import { catchInto, run } from "./run.js";
import type { Caught } from "./run.js";

async function batch(input: string, options = { full: false, check: false }): Promise<Caught> {
  const caught = { result: "", talk: "" };
  const chunks = (function* () {
    // Chunks end inside lines and inside characters.
    const bytes = Buffer.from(input);
    for (let start = 0; start < bytes.length; start += 7) yield bytes.subarray(start, start + 7);
  })();
  const code = await runBatch(toAsync(chunks), options, catchInto(caught));
  return { code, ...caught };
}

async function* toAsync<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

let folder = "";
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lora-calc-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// peft 0.21.0: LoraConfig() on gpt2 prints "trainable params: 294,912 || all params: 124,734,720 || trainable%: 0.2364"
const GPT2_LINE = "trainable params: 294,912 || all params: 124,734,720 || trainable%: 0.2364";

const GPT2 = ["gpt2", "--rank", "8", "--target-modules", "c_attn"];

describe("estimate", () => {
  it("answers a catalogue id", async () => {
    expect((await run("estimate", ...GPT2)).result).toContain(GPT2_LINE);
  });

  it("says what a model alone is taken for", async () => {
    const { result, talk } = await run("estimate", "Qwen/Qwen3-4B", "--qlora", "--gpu", "T4");
    expect(talk).toContain("LoRA r=16, alpha=32, all-linear; stack trl-1.16");
    // peft 0.21.0: r=16 on all linear layers of Qwen3-4B.
    expect(result).toContain("trainable params: 33,030,144");
    expect(result).toContain("trl-1.16");
  });

  it("answers a config.json, the folder that holds it, a scenario in JSON and in YAML", async () => {
    const config = file("config.json", '{"model_type": "gpt2"}');
    const json = file("scenario.json", '{"model": "gpt2", "adapter": {"r": 8}}');
    const yaml = file("scenario.yaml", "model: gpt2\nadapter:\n  r: 8\n");
    for (const source of [config, folder, json, yaml]) {
      expect(
        (await run("estimate", source, "--r", "8", "--target-modules", "c_attn")).result,
      ).toContain(GPT2_LINE);
    }
  });

  it("answers an adapter_config.json with its base", async () => {
    const path = file(
      "adapter_config.json",
      '{"peft_type": "LORA", "base_model_name_or_path": "gpt2", "r": 8}',
    );
    expect((await run("estimate", path)).result).toContain(GPT2_LINE);
  });

  it("lets flags win over the file", async () => {
    const path = file("rank.json", '{"model": "gpt2", "adapter": {"r": 64, "lora_alpha": 16}}');
    expect((await run("estimate", path, "--rank", "8")).result).toContain(GPT2_LINE);
  });

  it("writes the whole result as JSON", async () => {
    const { result } = await run("estimate", ...GPT2, "--json");
    expect(JSON.parse(result)).toMatchObject({
      schema: 1,
      parameters: { trainable: 294_912, all: 124_734_720 },
    });
  });

  it.each([
    [["--rank", "0"], "--rank (adapter.r)"],
    [["--alpha", "abc"], "--alpha (adapter.lora_alpha)"],
    [["--target-modules", "q_porj"], "--target-modules (adapter.target_modules)"],
    [["--gpu", "RTX 4091"], "--gpu (hardware.gpu)"],
    [["--max-length", "1.5"], "--max-length (training.max_length)"],
  ])("refuses %j at its flag", async (flags, where) => {
    const { code, result, talk } = await run("estimate", "gpt2", ...flags);
    expect(code).toBe(2);
    expect(result).toBe("");
    expect(talk).toContain(where);
  });

  it("refuses as JSON where a program reads", async () => {
    const { code, result } = await run("estimate", "gpt2", "--rank", "0", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(result)).toMatchObject({
      schema: 1,
      error: { path: "adapter.r", received: 0 },
    });
  });

  it.each([
    ["broken.json", '{"model": ', "is not JSON"],
    ["broken.yaml", "model: [gpt2", "is not YAML"],
    ["other.json", '{"name": "x"}', "is neither a scenario (model)"],
    ["unknown.json", '{"model_type": "perceiver"}', "perceiver"],
  ])("refuses %s", async (name, text, message) => {
    const { code, talk } = await run("estimate", file(name, text));
    expect(code).toBe(2);
    expect(talk.replaceAll("\n  ", " ")).toContain(message);
  });

  it("refuses a file above 5 MB without reading it", async () => {
    const { code, talk } = await run("estimate", file("big.json", " ".repeat(5_000_001)));
    expect(code).toBe(2);
    expect(talk).toContain("has 5000001 bytes; at most 5000000 bytes (5 MB) are read");
  });

  it("exits with 3 for --check only", async () => {
    const tooSmall = ["estimate", ...GPT2, "--gpu", "100MiB"];
    expect((await run(...tooSmall)).code).toBe(0);
    expect((await run(...tooSmall, "--check")).code).toBe(3);
    expect((await run("estimate", ...GPT2, "--gpu", "T4", "--check")).code).toBe(0);
    expect((await run("estimate", "gpt2", "--check")).code).toBe(2);
  });

  it("suggests the flag that was meant", async () => {
    expect((await run("estimate", "gpt2", "--rnk", "8")).talk).toContain("Did you mean --rank?");
  });
});

describe("estimate --batch", () => {
  it("answers every line in order, refuses the bad ones and goes on", async () => {
    const { code, result, talk } = await batch(
      '{"id": "é1", "model": "gpt2", "adapter": {"r": 8}}\nnot json\n\n{"id": 4, "model": "gpt2"}\r\n{"id": "5", "model": "gpt3"}',
    );
    const lines = result
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatchObject({ id: "é1", parameters: { trainable: 294_912 } });
    expect(lines[1]).toMatchObject({ error: { code: "invalid_json" } });
    expect(lines[2]).toMatchObject({ error: { code: "invalid_json" } });
    expect(lines[4]).toMatchObject({ id: "5", error: { code: "unknown_model" } });
    expect(code).toBe(0);
    expect(talk).toMatch(/of 5 scenarios have an error/);
  });

  it("leaves the long lists out unless asked", async () => {
    const scenario = '{"model": "gpt2", "adapter": {"r": 8}, "training": {}}';
    expect((await batch(scenario)).result).not.toMatch(/by_module|timeline/);
    expect((await batch(scenario, { full: true, check: false })).result).toMatch(
      /by_module.*timeline/s,
    );
  });

  it("drops a line above 5 MB and goes on", async () => {
    const { result } = await batch(`${"x".repeat(5_000_001)}\n{"model": "gpt2"}\n`);
    const [first, second] = result.split("\n");
    expect(first).toContain("line 1 has 5000001 bytes");
    expect(second).toContain('"parameters"');
  });
});

describe("fit, advise, compare", () => {
  const LLAMA = "meta-llama/Llama-3.1-8B";

  it("asks for full fine-tuning by a flag", async () => {
    const { result } = await run("estimate", "gpt2", "--full-finetuning");
    expect(result).toContain("trainable params: 124,439,808 || all params: 124,439,808");
  });

  it("fit says by how much, and which cards would do", async () => {
    const { code, result } = await run("fit", "gpt2", "--gpu", "T4", "--check");
    expect(code).toBe(0);
    expect(result).toMatch(/^Fits a T4 with [\d.]+ GiB to spare\./);
    expect(result).toContain("Cards that hold it");
    expect((await run("fit", LLAMA, "--gpu", "T4", "--check")).code).toBe(3);
    const { code: unasked, talk } = await run("fit", "gpt2");
    expect(unasked).toBe(2);
    expect(talk).toContain("fit needs a card");
  });

  it("fit gives the verdict, the interval and the cards as JSON", async () => {
    const answer: unknown = JSON.parse((await run("fit", LLAMA, "--gpu", "T4", "--json")).result);
    expect(answer).toMatchObject({
      fit: { verdict: "does_not_fit" },
      // No card before Ampere has a fused kernel for bfloat16: reference in conformance/README.md, "Attention".
      warnings: [{ code: "loads_in_float32" }, { code: "attention_math" }],
    });
  });

  it("advise says so where memory is not computed", async () => {
    const { result, code } = await run("advise", "deepseek-ai/DeepSeek-V4-Flash", "--gpu", "T4");
    expect(result).toContain("memory, which is not computed here");
    expect(result).not.toContain("Cards that hold it");
    expect(code).toBe(0);
  });

  it("advise names the way to a fit", async () => {
    const { result } = await run("advise", LLAMA, "--rank", "16", "--gpu", "T4");
    expect(result).toContain("The way to a fit");
    expect(result).toMatch(/1\. .*: frees/);
    expect(result).toContain("Every switch on this run");
  });

  it("compare shows the difference from the first", async () => {
    const { result } = await run("compare", "gpt2-medium", ...GPT2);
    // peft 0.21.0: 294,912 for gpt2 and 786,432 for gpt2-medium.
    expect(result).toMatch(/trainable +786,432 +294,912 \(−491,520\)/);
    expect((await run("compare", "gpt2", "--rank", "8")).talk).toContain("at least two");
    // Shares of the peak, as the page shows them.
    expect(result).toMatch(/activations .+ GiB|activations .+ MiB/);
    const { code, talk } = await run("compare", "gpt2", "gpt3");
    expect(code).toBe(2);
    expect(talk).toContain("gpt3");
  });
});

describe("compare --cards", () => {
  it("puts one run on eight kinds of card, smallest first", async () => {
    const { code, result } = await run("compare", ...GPT2, "--cards");
    expect(code).toBe(0);
    const lines = result.trimEnd().split("\n");
    expect(lines).toHaveLength(9);
    expect(lines[1]).toMatch(/^RTX 3060 +12\.00 GiB +\S+ GiB +\S+ GiB +fits/);
    expect(lines[8]).toMatch(/^H100 SXM 80GB/);
  });

  it("takes names, and refuses those it does not know", async () => {
    const { result } = await run("compare", ...GPT2, "--cards", "L40S,T4", "--json");
    const cards = result
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { card: string });
    expect(cards.map(({ card }) => card)).toEqual(["T4", "L40S"]);
    const { code, talk } = await run("compare", ...GPT2, "--cards", "RTX 9999");
    expect(code).toBe(2);
    expect(talk).toContain("RTX 9999");
    const { talk: both } = await run("compare", "gpt2", "gpt2-medium", "--cards");
    expect(both).toContain("one scenario");
  });
});

describe("explain, export, list", () => {
  it("explain shows what becomes of experts, alone or at the end", async () => {
    const asked = ["explain", "Qwen/Qwen3-30B-A3B", "--target-modules", "q_proj,v_proj", "--qlora"];
    const { result } = await run(...asked.slice(0, 2), "experts", ...asked.slice(2));
    expect(result).toMatch(/^experts\n/);
    expect(result).toContain("28,991,029,248 parameters in 54.00 GiB");
    expect(result).toMatch(/gate_up_proj +48 × 128×1536×2048 +bfloat16 +36.00 GiB +frozen +0/);
    const whole = await run(...asked);
    expect(whole.result).toContain(`\n${result}`);
    expect((await run("explain", "gpt2", "experts")).talk).toContain("no such part");
  });

  it("explains parameters, and names the parts it knows", async () => {
    expect((await run("explain", "gpt2", "parameters", ...GPT2.slice(1))).result).toContain(
      GPT2_LINE,
    );
    const { code, talk } = await run("explain", "gpt2", "paramters", "--rank", "8");
    expect(code).toBe(2);
    expect(talk).toContain("did you mean parameters?");
  });

  it("exports Python that ends in PEFT's line", async () => {
    const { result } = await run("export", ...GPT2, "--to", "peft-python");
    expect(result.trimEnd().split("\n").at(-1)).toBe(`# ${GPT2_LINE}`);
  });

  it("exports a link", async () => {
    expect((await run("export", "gpt2", "--rank", "8", "--to", "link")).result).toBe(
      "v=1&model=gpt2&adapter.r=8&adapter.lora_alpha=32&adapter.target_modules=all-linear&stack=trl-1.16\n",
    );
  });

  it("lists with sources as JSON", async () => {
    const rows = JSON.parse((await run("list", "gpus", "--json")).result) as readonly Record<
      string,
      unknown
    >[];
    expect(rows[0]).toHaveProperty("checkedOn");
  });
});
