import { asScenario } from "../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { writePeftPython } from "./peft-python.js";

/** meta-llama/Llama-3.1-8B, r=16 on all linear modules, as PEFT 0.21 prints it. */
const PARAMETERS = {
  trainable: 41_943_040,
  all: 8_072_204_288,
  percent: 0.5196,
  base: 8_030_261_248,
};

describe("writePeftPython(scenario, parameters)", () => {
  it("writes QLoRA as TRL runs it", () => {
    const scenario = {
      model: "meta-llama/Llama-3.1-8B",
      adapter: { lora_alpha: 32, r: 16, task_type: "CAUSAL_LM", target_modules: "all-linear" },
      quantization: {
        load_in_4bit: true,
        bnb_4bit_quant_type: "nf4",
        bnb_4bit_use_double_quant: true,
      },
      training: { gradient_checkpointing: true, adapter_dtype: "bfloat16" },
    };
    expect(writePeftPython(asScenario(scenario), PARAMETERS)).toMatchInlineSnapshot(`
      "import torch
      from peft import LoraConfig, get_peft_model
      from transformers import AutoModelForCausalLM, BitsAndBytesConfig

      quantization_config = BitsAndBytesConfig(
          load_in_4bit=True,
          bnb_4bit_quant_type="nf4",
          bnb_4bit_use_double_quant=True,
          bnb_4bit_compute_dtype=torch.bfloat16,
      )

      base_model = AutoModelForCausalLM.from_pretrained(
          "meta-llama/Llama-3.1-8B",
          dtype=torch.bfloat16,
          quantization_config=quantization_config,
      )

      lora_config = LoraConfig(
          r=16,
          lora_alpha=32,
          target_modules="all-linear",
          task_type="CAUSAL_LM",
      )

      base_model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
      model = get_peft_model(base_model, lora_config)
      for parameter in model.parameters():
          if parameter.requires_grad:
              parameter.data = parameter.data.to(torch.bfloat16)
      model.print_trainable_parameters()
      # trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196
      "
    `);
  });

  it("says which attention runs, and what checkpointing needs before k-bit training", () => {
    const scenario = {
      model: "gpt2",
      adapter: { r: 8, peft_type: "LORA" },
      quantization: { load_in_8bit: true },
      training: { attn_implementation: "eager", gradient_checkpointing: true, prepare_kbit: true },
    };
    const text = writePeftPython(asScenario(scenario), PARAMETERS);
    expect(text).toContain(
      'attn_implementation="eager",\n    quantization_config=quantization_config',
    );
    expect(text).toContain(
      'use_gradient_checkpointing=True,\n    gradient_checkpointing_kwargs={"use_reentrant": False}',
    );
    expect(text).toContain("lora_config = LoraConfig(\n");
    const off = writePeftPython(
      asScenario({ ...scenario, training: { gradient_checkpointing: false, prepare_kbit: true } }),
      PARAMETERS,
    );
    expect(off).toContain("use_gradient_checkpointing=False,\n)");
    expect(off).not.toContain("attn_implementation");
  });

  it("of full fine-tuning names what trains, behind checkpointing", () => {
    const scenario = {
      model: "gpt2",
      adapter: null,
      training: { gradient_checkpointing: true, use_reentrant: true },
    };
    const text = writePeftPython(scenario, { ...PARAMETERS, trainable: 124_439_808 });
    expect(text).toContain(
      'gradient_checkpointing_kwargs={"use_reentrant": True})\n# full fine-tuning: 124,439,808 parameters train',
    );
  });

  it("prepares k-bit training where the trainer does", () => {
    const scenario = {
      model: {
        config: {
          model_type: "gpt2",
          num_labels: 2,
          architectures: ["GPT2ForSequenceClassification"],
        },
      },
      adapter: { peft_type: "LORA", task_type: "SEQ_CLS", use_dora: true },
      quantization: { load_in_8bit: true },
      training: { prepare_kbit: true, gradient_checkpointing: true, use_reentrant: true },
    };
    expect(writePeftPython(asScenario(scenario), PARAMETERS)).toMatchInlineSnapshot(`
      "import torch
      from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
      from transformers import GPT2ForSequenceClassification, BitsAndBytesConfig

      quantization_config = BitsAndBytesConfig(
          load_in_8bit=True,
      )

      base_model = GPT2ForSequenceClassification.from_pretrained(
          "path/to/the/folder/of/config.json",
          dtype=torch.bfloat16,
          num_labels=2,
          quantization_config=quantization_config,
      )

      lora_config = LoraConfig(
          use_dora=True,
          task_type="SEQ_CLS",
      )

      # casts norms, embeddings and the head to float32
      base_model = prepare_model_for_kbit_training(
          base_model,
          use_gradient_checkpointing=True,
          gradient_checkpointing_kwargs={"use_reentrant": True},
      )
      model = get_peft_model(base_model, lora_config)
      model.print_trainable_parameters()
      # trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196
      "
    `);
  });

  it("loads the class that was counted, by the name that the Hub has", () => {
    const text = writePeftPython({ model: "qwen3.5-9b", adapter: { r: 8 } }, PARAMETERS);
    expect(text).toContain(
      'base_model = Qwen3_5ForConditionalGeneration.from_pretrained(\n    "Qwen/Qwen3.5-9B",',
    );
  });

  it("writes full fine-tuning without PEFT", () => {
    expect(writePeftPython({ model: "gpt2", adapter: null }, PARAMETERS)).toMatchInlineSnapshot(`
      "import torch
      from transformers import AutoModelForCausalLM

      base_model = AutoModelForCausalLM.from_pretrained(
          "openai-community/gpt2",
          dtype=torch.bfloat16,
      )

      # full fine-tuning: 41,943,040 parameters train
      "
    `);
  });

  it("keeps hostile texts inside quotes", () => {
    const code = writePeftPython(
      asScenario({
        model: 'x")\nimport os\nos.system("id',
        training: { dtype: "bfloat16)\nimport os" },
      }),
      PARAMETERS,
    );
    expect(code).not.toMatch(/^import os/m);
  });
});
