import { listGpus, listModels, listRecipes } from "lora-calc";
import type { Advice } from "lora-calc";
import { describe, expect, it } from "vitest";
import { renderAnswer } from "../../cli/render/answer.js";
import { alignColumns, wrap } from "../../cli/render/columns.js";
import { explainable, renderExplanation } from "../../cli/render/explanation.js";
import { renderGpus, renderModels, renderRecipes } from "../../cli/render/listing.js";
import { renderProblem } from "../../cli/render/problem.js";
import { ANSI, PLAIN } from "../../cli/render/style.js";
import { QLORA_8B, QLORA_8B_RESULT } from "../examples/qlora-8b.js";

/** The PEFT line is 80 characters wide by itself and is never broken. */
function widest(text: string): number {
  const lines = text.split("\n").filter((line) => !line.includes("trainable params:"));
  return Math.max(...lines.map((line) => line.length));
}

const [LEVER] = QLORA_8B_RESULT.advice ?? [];
const ADVICE: Advice = {
  levers: LEVER === undefined ? [] : [LEVER],
  raises: [],
  cards: [],
  left_out: 0,
};

describe("renderAnswer(scenario, estimate, advice, style)", () => {
  it("answers first, then explains, in 80 columns", () => {
    const text = renderAnswer(QLORA_8B, QLORA_8B_RESULT, ADVICE, PLAIN);
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text).toMatchInlineSnapshot(`
      "Fits an RTX 4090 with 15.15 GiB to spare.

      meta-llama/Llama-3.1-8B · LoRA r=16 on all-linear · 4-bit nf4 base, double quant
      batch 2 × 2,048 tokens · gradient checkpointing · adamw_torch_fused

      trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196

      GPU memory at the peak
        allocated   7.75 GiB   7,940.5 MiB  tensors: max_memory_allocated
        reserved    8.38 GiB   8,586.0 MiB  with its cache: max_memory_reserved
        process     8.83 GiB   9,046.8 MiB  with the CUDA context: nvidia-smi
        card       23.52 GiB  24,084.0 MiB  RTX 4090, for processes, of 24,564.0 MiB

      What is allocated then (layer backward)
        weights      5,438.6 MiB  ████████████████░░░░░░░░  traced
        adapter a       76.0 MiB  ░░░░░░░░░░░░░░░░░░░░░░░░  traced
        adapter b       84.0 MiB  ░░░░░░░░░░░░░░░░░░░░░░░░  traced
        optimizer      320.2 MiB  █░░░░░░░░░░░░░░░░░░░░░░░  traced
        gradients        1.1 MiB  ░░░░░░░░░░░░░░░░░░░░░░░░  traced
        checkpoints  1,024.0 MiB  ███░░░░░░░░░░░░░░░░░░░░░  traced
        activations    868.2 MiB  ███░░░░░░░░░░░░░░░░░░░░░  traced
        workspace      128.3 MiB  ░░░░░░░░░░░░░░░░░░░░░░░░  traced
        batch            0.1 MiB  ░░░░░░░░░░░░░░░░░░░░░░░░  traced

      Next lever
        Keep the adapters in bf16: frees 242.0 MiB. Cost: optimizer states with 8 bits
          of mantissa.

      Assumed
        the default of the conformance tracer: training.optim=adamw_torch_fused,
          training.gradient_checkpointing=true

      Note
        TRL loads a model given by name in float32
      "
    `);
  });

  it("says how much is missing", () => {
    const fit = {
      verdict: "does_not_fit",
      card: "custom card",
      capacity: 8_585_740_288,
      usable: 8_585_740_288,
      headroom: -900_726_784,
    } as const;
    const scenario = { ...QLORA_8B, hardware: { gpu: { memory_bytes: 8_585_740_288 } } };
    expect(renderAnswer(scenario, { ...QLORA_8B_RESULT, fit }, ADVICE, PLAIN).split("\n")[0]).toBe(
      "Does not fit a card of 8.00 GiB: 859.0 MiB short.",
    );
  });

  it("gives counts and weights where no training was asked for", () => {
    const { parameters, weights, versions } = QLORA_8B_RESULT;
    const estimate = {
      schema: 1,
      parameters,
      ...(weights === undefined ? {} : { weights }),
      versions,
      assumed: [],
      ignored: [],
      warnings: [],
    } as const;
    const scenario = { model: { config: { model_type: "llama" } }, adapter: null };
    expect(
      renderAnswer(scenario, estimate, { levers: [], raises: [], cards: [], left_out: 0 }, PLAIN),
    ).toMatchInlineSnapshot(`
      "a llama model from its config.json · full fine-tuning · bfloat16 base

      trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196

      base weights  5.31 GiB  traced
      Add --gpu, --stack or any training flag for the memory of a training step.
      "
    `);
  });

  it("lets no text of the input reach the terminal as an escape sequence", () => {
    const text = renderAnswer(
      { ...QLORA_8B, model: "x\u001b]0;owned\u0007\ny" },
      QLORA_8B_RESULT,
      ADVICE,
      PLAIN,
    );
    expect(text).toContain("x ]0;owned y · ");
  });

  it("emphasizes on a terminal", () => {
    expect(renderAnswer(QLORA_8B, QLORA_8B_RESULT, ADVICE, ANSI)).toContain(
      "\u001b[1m\u001b[32mFits an RTX 4090",
    );
  });
});

describe("renderExplanation(estimate, parts, style)", () => {
  it("shows formula, numbers, certainty and source", () => {
    expect(explainable(QLORA_8B_RESULT)).toEqual([
      "parameters",
      "weights",
      "adapter_a",
      "adapter_b",
      "adapter_other",
      "optimizer",
      "gradients",
      "checkpoints",
      "activations",
      "loss",
      "workspace",
      "batch",
      "cuda_context",
    ]);
    expect(renderExplanation(QLORA_8B_RESULT, ["weights", "parameters"], PLAIN, "LORA"))
      .toMatchInlineSnapshot(`
        "weights  5.31 GiB (5,702,755,328 bytes)
          = 6,979,321,856 × 0.5159 B (quantized) + 1,050,939,392 × 2 B (bfloat16)
          traced: compared with traces of the real code
          source: bitsandbytes functional.py

        parameters
          trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196
          base model: 8,030,261,248
          one LoRA module trains rank × (in + out): A is (rank, in), B is (out, rank)
          module                              in   out  rank  count  trainable
          model.layers.*.self_attn.q_proj   4096  4096    16     32  4,194,304
          model.layers.*.mlp.down_proj     14336  4096    16     32  9,437,184
          exact: equal to PEFT or PyTorch to the unit
        "
      `);
  });
});

describe("renderProblem(problem, style)", () => {
  it("says where, what was received, what is allowed, and where to look", () => {
    const problem = {
      code: "unknown_gpu",
      path: "hardware.gpu",
      message: "gpu is not in the catalogue: RTX 4091 (did you mean RTX 4090?)",
      received: "RTX 4091",
      expected: "a card from the catalogue, or an object with memory_bytes",
    } as const;
    expect(renderProblem(problem, PLAIN)).toMatchInlineSnapshot(`
      "error: gpu is not in the catalogue: RTX 4091 (did you mean RTX 4090?)
        where     --gpu (hardware.gpu)
        received  RTX 4091
        allowed   a card from the catalogue, or an object with memory_bytes
        see       lora-calc list gpus, or give its memory: --gpu 24GiB
        code      unknown_gpu"
    `);
  });
});

describe("lists", () => {
  it("fit 80 columns", () => {
    expect(widest(renderModels(listModels(), PLAIN))).toBeLessThanOrEqual(80);
    expect(widest(renderGpus(listGpus(), PLAIN))).toBeLessThanOrEqual(80);
    expect(widest(renderRecipes(listRecipes(), PLAIN))).toBeLessThanOrEqual(100);
  });

  it("show what decides", () => {
    expect(
      renderGpus(
        listGpus().filter(({ id }) => id === "rtx-4090"),
        PLAIN,
      ),
    ).toMatchInlineSnapshot(`
      "gpu       driver total  generation  certainty
      RTX 4090     23.99 GiB  Ada         exact
      "
    `);
    expect(renderModels(listModels().slice(0, 2), PLAIN)).toMatchInlineSnapshot(`
      "model            short name  parameters
      01-ai/Yi-1.5-6B  yi-1.5-6b       6.06 B
      01-ai/Yi-1.5-9B  yi-1.5-9b       8.83 B
      "
    `);
    expect(renderRecipes(listRecipes().slice(0, 2), PLAIN)).toMatchInlineSnapshot(`
      "recipe             model                  r  base
      qlora-guanaco-7b   huggyllama/llama-7b   64  nf4
      qlora-guanaco-65b  huggyllama/llama-65b  64  nf4
      "
    `);
  });
});

describe("alignColumns(rows, columns)", () => {
  it("counts what a terminal shows: a Chinese character takes two columns, a colour none", () => {
    const rows = [
      ["模型", "1"],
      ["gpt2", "22"],
      [ANSI.strong("opt"), "3"],
    ];
    expect(alignColumns(rows, [{}, { align: "right" }])).toEqual([
      "模型   1",
      "gpt2  22",
      `${ANSI.strong("opt")}    3`,
    ]);
  });
});

describe("wrap(text, first, next)", () => {
  it("breaks between words at 80 columns", () => {
    const word = "x".repeat(50);
    expect(wrap(`${word} ${word} a`, "- ", "  ")).toBe(`- ${word}\n  ${word} a`);
  });
});
