/** `lora-calc audit` on the files of trainers: what is wrong, where, and an exit code for scripts. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runAudit } from "../../cli/commands/audit.js";
import { runEstimate } from "../../cli/commands/estimate.js";
import { caught } from "./caught-output.js";
import type { Caught } from "./caught-output.js";

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly { readonly ruleId: string }[];
  }[];
}

async function audited(name: string, text: string, json = false): Promise<Caught> {
  const path = join(mkdtempSync(join(tmpdir(), "audit-")), name);
  writeFileSync(path, text);
  return caught((output) => runAudit(path, { json }, output));
}

const CLEAN = `base_model: gpt2
adapter: lora
lora_r: 8
lora_alpha: 16
lora_target_modules:
  - c_attn
sequence_len: 512
learning_rate: 0.0002
datasets:
  - path: x
`;

describe("a clean file", () => {
  it("has nothing found, its counts, and exit code 0", async () => {
    const { code, text } = await audited("config.yaml", CLEAN);
    expect(code).toBe(0);
    expect(text).toContain("config.yaml is Axolotl's: nothing found.");
    expect(text).toContain("6 keys used, 2 change neither counts nor memory.");
    // 12 layers of 8 · (768 + 2,304).
    expect(text).toContain("trainable params: 294,912 ");
  });
});

describe("a file with faults", () => {
  const FAULTY = `${CLEAN}load_in_4bit: true\nlora_rnk: 4\nflash_attention: true\ndeepspeed: zero2.json\n`;

  it("says each with its line, the worst first, and ends with 2", async () => {
    const { code, text } = await audited("config.yaml", FAULTY);
    expect(code).toBe(2);
    expect(text).toContain("1 error, 2 warnings, 1 note.");
    const places = [...text.matchAll(/(error|warning|note) line (\d+):/g)].map(
      ([, level, line]) => `${level ?? ""} ${line ?? ""}`,
    );
    expect(places).toEqual(["error 11", "warning 12", "warning 13", "note 14"]);
  });

  it("says the same as JSON", async () => {
    const { code, text } = await audited("config.yaml", FAULTY, true);
    expect(code).toBe(2);
    expect(JSON.parse(text)).toMatchObject({
      trainer: "Axolotl",
      scenario: { model: "gpt2", adapter: { r: 8 } },
      findings: [
        { level: "warning", code: "old_key", key: "flash_attention", line: 13 },
        { level: "warning", code: "unknown_key", key: "lora_rnk", line: 12 },
        { level: "note", code: "not_computed", key: "deepspeed", line: 14 },
        { level: "error", code: "trap", key: "load_in_4bit", line: 11 },
      ],
      parameters: { trainable: 294_912 },
    });
  });

  it("says it to code hosts as SARIF", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "audit-")), "my config.yaml");
    writeFileSync(path, FAULTY);
    const { code, text } = await caught((output) =>
      runAudit(path, { json: false, sarif: true }, output),
    );
    expect(code).toBe(2);
    const { version, runs } = JSON.parse(text) as Sarif;
    expect(version).toBe("2.1.0");
    const [run] = runs;
    expect(run?.results).toHaveLength(4);
    expect(run?.results.at(-1)).toMatchObject({
      ...{ ruleId: "trap", level: "error" },
      locations: [{ physicalLocation: { region: { startLine: 11 } } }],
    });
    expect(text).toContain("my%20config.yaml");
    const rules = run?.tool.driver.rules.map(({ id }) => id) ?? [];
    expect(run?.results.every(({ ruleId }) => rules.includes(ruleId))).toBe(true);
  });

  it("has no SARIF of an adapter", async () => {
    const asked = { json: false, sarif: true };
    await expect(caught((output) => runAudit("someone/adapter", asked, output))).rejects.toThrow(
      "--sarif is for the file of a trainer",
    );
  });

  it("says what an estimate refuses", async () => {
    const file = CLEAN.replace("  - c_attn", "  - q_proj");
    const { code, text } = await audited("config.yml", file);
    expect(code).toBe(2);
    // A field of the scenario, though a key of the file has the name of its section.
    expect(text).toMatch(/error (?!line).*q_proj/);
    expect(text).not.toContain("trainable params");
  });
});

it("what LLaMA-Factory refuses is an error, in JSON without a line", async () => {
  const file = { model_name_or_path: "gpt2", stage: "sft", lora_target: "c_attn", lora_rnak: 4 };
  const { code, text } = await audited("train.json", JSON.stringify(file));
  expect(code).toBe(2);
  expect(text).toMatch(/error LLaMA-Factory does not know lora_rnak and refuses it/);
});

describe("words that Python's YAML takes for booleans", () => {
  const TRL =
    "model_name_or_path: Qwen/Qwen2.5-0.5B\ndataset_name: a/b\ndtype: bfloat16\nuse_peft: yes\n";

  it("are read as Python reads them", async () => {
    const { code, text } = await audited("trl.yaml", `${TRL}load_in_8bit: on\nlora_r: 4\n`);
    expect(code).toBe(0);
    expect(text).toContain("trl.yaml is TRL's: 1 note.");
    expect(text).toContain("note Use reentrant checkpointing with int8: frees");
    // 24 layers of 4 · (896 + 896) for q_proj and 4 · (896 + 128) for v_proj.
    expect(text).toContain("trainable params: 270,336 ");
  });

  it.each([
    ["trl.yaml", `${TRL}eval_strategy: no\n`, 5],
    ["axolotl.yaml", `${CLEAN}save_strategy: no\n`, 11],
    [
      "lf.yaml",
      "model_name_or_path: gpt2\nstage: sft\nlora_target: c_attn\nlr_scheduler_type: off\n",
      4,
    ],
  ])("stop the trainer where a word is meant: %s", async (name, content, line) => {
    const { code, text } = await audited(name, content);
    expect(code).toBe(2);
    expect(text).toMatch(new RegExp(`error line ${line}: .* false to Python's YAML`));
  });

  it("leave y and n alone, as PyYAML does", async () => {
    const { code } = await audited("trl.yaml", `${TRL}eval_strategy: y\n`);
    expect(code).toBe(0);
  });

  it("are words in quotes", async () => {
    const { code } = await audited("trl.yaml", `${TRL}eval_strategy: "no"\n`);
    expect(code).toBe(0);
  });
});

describe("what an estimate of the file sees", () => {
  it("is told: a base that TRL loads in float32", async () => {
    const { code, text } = await audited(
      "trl.yaml",
      "model_name_or_path: Qwen/Qwen2.5-0.5B\ndataset_name: a/b\nuse_peft: true\n",
    );
    expect(code).toBe(0);
    expect(text).toContain("warning TRL loads a model given by name in float32");
  });
});

describe("a file that YAML 1.1 does not take", () => {
  it("is read as it is written, or refused, and no bug", async () => {
    const merge = await audited("config.yaml", `${CLEAN}<<: 3\n`);
    expect(merge.code).toBe(0);
    expect(merge.text).toContain("Axolotl does not know <<");
  });
});

describe("a training script", () => {
  const SCRIPT = [
    "from trl import SFTConfig, SFTTrainer",
    "from peft import LoraConfig",
    "SFTTrainer(",
    "    model=name,",
    "    args=SFTConfig(max_seq_length=64),",
    "    peft_config=LoraConfig(r=8, target_modules=['c_attn']),",
    ")",
  ].join("\n");

  it("is told with its lines, and what only a run can tell is refused", async () => {
    const { code, text } = await audited("train.py", SCRIPT);
    expect(code).toBe(2);
    expect(text).toContain("train.py is TRL's: 1 error, 2 warnings.");
    expect(text).toContain("warning line 5: SFTConfig.max_seq_length is an old name");
    expect(text).toContain("warning model is name, which is not set in this text");
  });

  it("answers where a flag says it", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "audit-")), "train.py");
    writeFileSync(path, SCRIPT);
    const flags = new Map([["--model", "gpt2"]]);
    const options = { json: true, check: false };
    const { code, text } = await caught((output) => runEstimate(path, flags, options, output));
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ parameters: { trainable: 294_912 } });
  });

  it("that trains nothing is said to be none", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "audit-")), "train.py");
    writeFileSync(path, "print('hello')");
    const options = { json: false, check: false };
    await expect(caught((output) => runEstimate(path, new Map(), options, output))).rejects.toThrow(
      "calls no trainer and adds no adapter",
    );
  });
});
