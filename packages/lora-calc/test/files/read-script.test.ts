/** Training scripts as people write them, read into the run that they make. */

import { describe, expect, it } from "vitest";
import { parsePython } from "../../files/python/parse-python.js";
import { estimate } from "../../src/estimate.js";
import { readPythonScript } from "../../src/formats/python/read-script.js";
import { isRefusal } from "../../src/result.js";
import { IMPORTS, read, told } from "./read-text.js";

describe("a script of TRL", () => {
  it("that loads its model itself", () => {
    const file = read(
      ...IMPORTS,
      "bnb = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type='nf4', bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16)",
      "model = AutoModelForCausalLM.from_pretrained('Qwen/Qwen3-4B', quantization_config=bnb, dtype=torch.bfloat16, device_map='auto')",
      "model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=True)",
      "config = LoraConfig(r=16, lora_alpha=32, target_modules=['q_proj', 'v_proj'], task_type='CAUSAL_LM')",
      "model = get_peft_model(model, config)",
      "trainer = SFTTrainer(model=model, train_dataset=load('x'), args=SFTConfig('out', max_length=2048, per_device_train_batch_size=2, learning_rate=2e-4))",
      "trainer.train()",
    );
    expect(file.trainer).toBe("TRL");
    expect(told(file)).toEqual([]);
    expect(file.scenario).toEqual({
      model: "Qwen/Qwen3-4B",
      stack: "trl-1.16",
      adapter: {
        r: 16,
        lora_alpha: 32,
        target_modules: ["q_proj", "v_proj"],
        task_type: "CAUSAL_LM",
      },
      quantization: {
        ...{ load_in_4bit: true, bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
        bnb_4bit_compute_dtype: "bfloat16",
      },
      training: {
        ...{ dtype: "bfloat16", prepare_kbit: true, gradient_checkpointing: true },
        ...{
          output_dir: "out",
          max_length: 2048,
          per_device_train_batch_size: 2,
          learning_rate: 2e-4,
        },
      },
    });
  });

  it("that gives the trainer a name, its adapter and its bits", () => {
    const file = read(
      ...IMPORTS,
      "args = SFTConfig(model_init_kwargs={'dtype': torch.bfloat16}, max_length=512)",
      "args.gradient_checkpointing = False",
      "SFTTrainer('Qwen/Qwen3-4B', args, peft_config=LoraConfig(r=8, target_modules='all-linear'), quantization_config=BitsAndBytesConfig(load_in_8bit=True))",
    );
    expect(file.scenario).toMatchObject({
      ...{ model: "Qwen/Qwen3-4B", quantization: { load_in_8bit: true } },
      adapter: { r: 8, target_modules: "all-linear" },
      training: {
        model_init_kwargs: { dtype: "bfloat16" },
        max_length: 512,
        gradient_checkpointing: false,
      },
    });
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? result.error.message : result.memory).toHaveProperty(
      "allocated_peak",
    );
  });

  it("of preferences, and of no adapter", () => {
    const file = read(
      ...IMPORTS,
      "DPOTrainer(model='gpt2', args=DPOConfig(beta=0.1, max_length=256))",
    );
    expect(file.scenario).toMatchObject({
      adapter: null,
      training: { method: "dpo", max_length: 256 },
    });
  });

  it("says its old and its wrong names, with their lines", () => {
    const file = read(
      "from trl import *",
      "SFTTrainer('gpt2', SFTConfig(max_seq_length=512, overwrite_output_dir=True,",
      "  max_lenght=2))",
    );
    expect(file.findings.map(({ code, at, message }) => [code, at, message])).toEqual([
      ["old_key", "line 2", "SFTConfig.max_seq_length is an old name; it is max_length now"],
      [
        "old_key",
        "line 2",
        "SFTConfig.overwrite_output_dir is gone from the TRL that is computed, which stops at it",
      ],
      [
        "unknown_key",
        "line 2",
        "TRL does not know SFTConfig.max_lenght and refuses it; did you mean max_length?",
      ],
    ]);
  });

  it("is not computed on a guess: a gap is refused by name, and a flag fills it", () => {
    const file = read(
      ...IMPORTS,
      "SFTTrainer(model='gpt2', args=SFTConfig(max_length=size()), peft_config=LoraConfig(r=rank, target_modules=['c_attn']))",
    );
    expect(told(file)).toEqual(["unresolved SFTConfig.max_length", "unresolved LoraConfig.r"]);
    expect(file.findings[1]?.message).toBe(
      "LoraConfig.r is rank, which is not set in this text: say it as a flag",
    );
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? result.error.path : "").toBe("training.max_length");
  });

  it.each([
    ["peft_config=get_peft_config(args)", "adapter.target_modules"],
    ["quantization_config=get_quantization_config(args)", "quantization.load_in_4bit"],
  ])("%s is refused", (argument, path) => {
    const result = estimate(
      read(...IMPORTS, `SFTTrainer(model='gpt2', args=SFTConfig(max_length=64), ${argument})`)
        .scenario,
    );
    expect(isRefusal(result) ? result.error.path : "").toBe(path);
  });

  it("whose model is made elsewhere is no full fine-tuning, though its model is said", () => {
    const file = read(...IMPORTS, "SFTTrainer(model=make(), args=SFTConfig(max_length=64))");
    const result = estimate({ ...file.scenario, model: "gpt2" });
    expect(isRefusal(result) ? result.error.path : "").toBe("adapter.target_modules");
  });

  it("counts where its trainer has no program", () => {
    const file = read(
      ...IMPORTS,
      "from trl import GRPOConfig, GRPOTrainer",
      "GRPOTrainer(model='gpt2', args=GRPOConfig(num_generations=8), peft_config=LoraConfig(r=8))",
    );
    expect(told(file)).toContain("not_computed GRPOTrainer");
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? 0 : result.parameters.trainable).toBe(294_912);
  });
});

describe("a script of transformers", () => {
  it("takes its length from where rows are cut", () => {
    const file = read(
      ...IMPORTS,
      "tokenizer = AutoTokenizer.from_pretrained('gpt2')",
      "def cut(row):",
      "    return tokenizer(row['text'], truncation=True, max_length=256)",
      "data = load_dataset('x').map(cut)",
      "model = AutoModelForCausalLM.from_pretrained('gpt2', torch_dtype=torch.float16)",
      "model.gradient_checkpointing_enable()",
      "model.add_adapter(LoraConfig(r=4))",
      "Trainer(model=model, args=TrainingArguments(fp16=True, per_device_train_batch_size=4), train_dataset=data)",
    );
    expect(file.trainer).toBe("transformers");
    expect(file.scenario).toMatchObject({
      stack: "hf-trainer-5.24",
      adapter: { r: 4 },
      training: { max_length: 256, dtype: "float16", gradient_checkpointing: true, fp16: true },
    });
  });

  it("says that 4 bits alone are no QLoRA, and that an argument is gone", () => {
    const file = read(
      ...IMPORTS,
      "a = AutoModelForCausalLM.from_pretrained('gpt2', quantization_config=BitsAndBytesConfig(load_in_4bit=True))",
      "Trainer(a, TrainingArguments(max_steps=1))",
    );
    expect(told(file)).toEqual(["trap BitsAndBytesConfig.load_in_4bit", "unresolved max_length"]);
    expect(file.scenario.quantization).toEqual({
      load_in_4bit: true,
      bnb_4bit_compute_dtype: "float32",
    });
    const old = read(
      ...IMPORTS,
      "Trainer(AutoModelForCausalLM.from_pretrained('gpt2', load_in_8bit=True))",
    );
    expect(told(old)).toEqual(["trap from_pretrained.load_in_8bit", "unresolved max_length"]);
    expect(old.scenario.quantization).toEqual({ load_in_8bit: true });
  });
});

describe("a script", () => {
  it("of several trainers is the last one's, and what is not there is not read", () => {
    const file = read(
      ...IMPORTS,
      "SFTTrainer('gpt2', SFTConfig(max_length=64))",
      "DPOTrainer('gpt2', args=DPOConfig(max_length=32))",
      "if False:",
      "    SFTTrainer('gpt2', SFTConfig(max_length=8))",
    );
    expect(file.scenario.training).toMatchObject({ method: "dpo", max_length: 32 });
    expect(told(file)).toEqual(["assumed SFTTrainer"]);
  });

  it("of a subclass is its trainer's, and of adapters alone counts", () => {
    const file = read(
      ...IMPORTS,
      "class Mine(SFTTrainer):",
      "    pass",
      "Mine(model='gpt2', args=SFTConfig(max_length=64))",
    );
    expect(file.scenario.stack).toBe("trl-1.16");
    const alone = read(
      ...IMPORTS,
      "from peft import IA3Config",
      "get_peft_model(AutoModelForCausalLM.from_pretrained('gpt2'), IA3Config(task_type='CAUSAL_LM'))",
    );
    expect(alone.scenario).toEqual({
      model: "gpt2",
      adapter: { peft_type: "IA3", task_type: "CAUSAL_LM" },
    });
  });

  it("has fields of its own beside those of a configuration that it builds on", () => {
    const file = read(
      ...IMPORTS,
      "@dataclass",
      "class Mine(SFTConfig):",
      "    base: str = field(default='gpt2')",
      "    rank: int = 4",
      "    max_length: int = 128",
      "args = HfArgumentParser(Mine).parse_args_into_dataclasses()[0]",
      "model = AutoModelForCausalLM.from_pretrained(args.base)",
      "if torch.cuda.device_count() > 1:",
      "    model.is_parallelizable = True",
      "SFTTrainer(model, args, peft_config=LoraConfig(r=args.rank))",
    );
    expect(told(file)).toEqual(["assumed"]);
    expect(file.scenario).toMatchObject({
      model: "gpt2",
      adapter: { r: 4 },
      training: { max_length: 128 },
    });
  });

  it("that trains nothing is none", () => {
    expect(readPythonScript(parsePython("print('hello')", "x.py"))).toBeUndefined();
  });
});
