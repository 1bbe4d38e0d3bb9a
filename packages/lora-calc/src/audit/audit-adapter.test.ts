import { describe, expect, it } from "vitest";
import { auditAdapter } from "./audit-adapter.js";
import type { Audit } from "./audit.js";

const LLAMA_7B = "meta-llama/Llama-2-7b-hf";

function audited(files: Parameters<typeof auditAdapter>[0]): Audit {
  const result = auditAdapter(files);
  if ("error" in result) throw new Error(result.error.message);
  return result;
}

function codes({ findings }: Audit): readonly string[] {
  return findings.map(({ code, level }) => `${level} ${code}`);
}

describe("auditAdapter", () => {
  // https://github.com/hiyouga/LlamaFactory/issues/5348; counts by PEFT 0.21.
  it("reads a file of early 2023 and says which of its fields are gone", () => {
    const config = {
      enable_lora: null,
      merge_weights: false,
      peft_type: "LORA",
      fan_in_fan_out: false,
      target_modules: ["q_proj", "k_proj", "v_proj", "o_proj"],
      r: 16,
    };
    const audit = audited({ config, model: LLAMA_7B });
    expect(audit.parameters).toMatchObject({ trainable: 16_777_216, all: 6_755_192_832 });
    expect(codes(audit)).toEqual(["note removed_field", "note removed_field"]);
  });

  // https://github.com/unslothai/unsloth/pull/1289: MLX printed 0.021% (1.704M/8030.261M).
  it("counts an adapter of MLX by MLX's rules", () => {
    const audit = audited({
      config: {
        fine_tune_type: "lora",
        num_layers: 16,
        lora_parameters: {
          rank: 8,
          scale: 20,
          dropout: 0,
          keys: ["self_attn.q_proj", "self_attn.v_proj"],
        },
      },
      model: "meta-llama/Meta-Llama-3-8B",
    });
    expect(audit.tool).toBe("MLX");
    expect(audit.parameters).toMatchObject({ trainable: 1_703_936, all: 8_031_965_184 });
    expect(audit.findings.at(-1)?.message).toContain("0.021% (1.704M/8030.261M)");
  });

  it("gives both readings of an MLX adapter without keys", () => {
    const config = { num_layers: 16, lora_parameters: { rank: 8, scale: 20, dropout: 0 } };
    const audit = audited({ config, model: "meta-llama/Meta-Llama-3-8B" });
    // Half of what PEFT prints for r=8 on every linear layer, 20,971,520.
    expect(audit.parameters?.trainable).toBe(10_485_760);
    expect(audit.findings.some(({ message }) => message.includes("1,703,936"))).toBe(true);
  });

  it.each([
    [{ config: {}, hidden_size: 768, model_class: "BertModel" }, "AdapterHub"],
    [{ base_model: "x", adapter: "qlora" }, "Axolotl"],
    [{ model_type: "llama", architectures: ["LlamaForCausalLM"] }, "config.json"],
    [{ r: 8 }, "no peft_type"],
    [[1], "adapter"],
    [null, "adapter"],
  ])("names a file that is none: %j", (config, name) => {
    const result = auditAdapter({ config });
    expect(result).toHaveProperty("error.message", expect.stringContaining(name));
  });

  it("does without the base and still compares ranks", () => {
    const key = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    const config = { peft_type: "LORA", r: 16, base_model_name_or_path: "someone/unheard-of" };
    const header = { [key]: { dtype: "F32", shape: [8, 64], data_offsets: [0, 2048] } };
    const audit = audited({ config, header });
    expect(audit.parameters).toBeUndefined();
    expect(audit.file?.parameters).toBe(512);
    expect(codes(audit)).toEqual(["error shape_differs", "warning base_unknown"]);
  });

  it("says so where the file names a class that is not known, and still reads it", () => {
    const config = {
      peft_type: "LORA",
      target_modules: ["c_attn"],
      base_model_name_or_path: "gpt2",
      auto_mapping: { base_model_class: "GPT2WithMyHead" },
    };
    const audit = audited({ config });
    expect(codes(audit)).toEqual(["warning base_unknown"]);
    expect(audit.findings[0]?.message).toContain("GPT2WithMyHead");
  });

  it("sees a download that was cut", () => {
    const header = { "x.lora_A.weight": { dtype: "F32", shape: [8, 64], data_offsets: [0, 2048] } };
    const config = { peft_type: "LORA" };
    const audit = audited({ config, header, headerBytes: 100, fileBytes: 2000 });
    expect(codes(audit)).toContain("error file_incomplete");
  });

  it("takes the labels of a classifier from its head", () => {
    const config = {
      peft_type: "LORA",
      task_type: "SEQ_CLS",
      target_modules: ["query", "value"],
      base_model_name_or_path: "google-bert/bert-base-uncased",
    };
    const header = {
      "base_model.model.classifier.weight": { dtype: "F32", shape: [7, 768] },
      "base_model.model.classifier.bias": { dtype: "F32", shape: [7] },
    };
    const { parameters } = audited({ config, header });
    // r=8 on 24 modules of 768 x 768, and a head of seven rows.
    expect(parameters?.trainable).toBe(24 * 8 * (768 + 768) + 7 * 769);
  });
});
