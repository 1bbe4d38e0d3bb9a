import { describe, expect, it } from "vitest";
import { QLORA_8B, QLORA_8B_RESULT } from "../../test/examples/qlora-8b.js";
import { csvText } from "./csv.js";
import { writeCsv, writeMarkdown } from "./report.js";

describe("writeMarkdown(scenario, estimate, verdict)", () => {
  it("is a page to keep beside the run", () => {
    const verdict = "Fits an RTX 4090 with 15.15 GiB to spare.";
    expect(writeMarkdown(QLORA_8B, QLORA_8B_RESULT, verdict)).toMatchInlineSnapshot(`
      "# LoRA estimate: meta-llama/Llama-3.1-8B

      Fits an RTX 4090 with 15.15 GiB to spare.

      \`\`\`
      trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196
      \`\`\`

      ## GPU memory at the peak

      | tier | size | bytes |
      | --- | --- | --- |
      | allocated | 7.75 GiB | 8325693440 |
      | reserved | 8.38 GiB | 9003073536 |
      | process (nvidia-smi) | 8.83 GiB | 9486467072 |

      ## The allocated peak by part (layer_backward)

      | part | size | certainty | formula |
      | --- | --- | --- | --- |
      | weights | 5.56 GiB | exact | NF4 with double quantization of 6,979,321,856 weights + 1,050,939,392 in bf16 |
      | activations | 1.20 GiB | derived | one layer, recomputed, 4,096 tokens |
      | checkpoints | 1000.0 MiB | derived | 32 layers × 4,096 tokens × 4,096 × 2 B |
      | workspace | 16.0 MiB | derived | 2 × 8,519,680 B |

      ## Assumed

      - training.optim = "adamw_torch_fused": the default of the conformance tracer
      - training.gradient_checkpointing = true: the default of the conformance tracer

      ## Warnings

      - two cuBLAS workspaces are counted; a third appears with side streams

      Computed by lora-calc 0.1.0, peft 0.21.0, transformers 5.18.0. GiB is 2^30 bytes.
      "
    `);
  });

  it("keeps a hostile model name on its line and out of the markup", () => {
    const report = writeMarkdown(
      { model: "x\n\n<script>alert(1)</script> | [a](javascript:b)" },
      QLORA_8B_RESULT,
    );
    expect(report.split("\n")[0]).toBe(
      "# LoRA estimate: x \\<script\\>alert(1)\\</script\\> \\| \\[a\\](javascript:b)",
    );
  });
});

describe("writeCsv(estimate)", () => {
  it("has one row per figure", () => {
    expect(writeCsv(QLORA_8B_RESULT).split("\r\n")).toMatchInlineSnapshot(`
      [
        "section,name,value,unit,certainty,formula",
        "parameters,trainable,41943040,parameters,exact,",
        "parameters,all,8072204288,parameters,exact,",
        "parameters,base,8030261248,parameters,exact,",
        "weights,base model,5974786048,bytes,exact,",
        "memory,allocated,8325693440,bytes,,",
        "memory,reserved,9003073536,bytes,,",
        "memory,process (nvidia-smi),9486467072,bytes,,",
        "part of the allocated peak,weights,5974786048,bytes,exact,"NF4 with double quantization of 6,979,321,856 weights + 1,050,939,392 in bf16"",
        "part of the allocated peak,activations,1285554176,bytes,derived,"one layer, recomputed, 4,096 tokens"",
        "part of the allocated peak,checkpoints,1048576000,bytes,derived,"32 layers × 4,096 tokens × 4,096 × 2 B"",
        "part of the allocated peak,workspace,16777216,bytes,derived,"2 × 8,519,680 B"",
        "fit,capacity,25757220864,bytes,,",
        "fit,headroom,16270753792,bytes,,fits",
        "",
      ]
    `);
  });
});

describe("csvText(rows)", () => {
  it("quotes, and disarms formulas", () => {
    expect(
      csvText([
        ['=HYPERLINK("x")', "a,b", "-1", -1],
        ["line\nbreak", "plain"],
      ]),
    ).toBe(`"'=HYPERLINK(""x"")","a,b",'-1,-1\r\n"line\nbreak",plain\r\n`);
  });
});
