import { describe, expect, it } from "vitest";
import { QLORA_8B, QLORA_8B_RESULT } from "../../test/examples/qlora-8b.js";
import { csvText } from "./csv.js";
import { writeCsv, writeMarkdown } from "./report.js";

describe("writeMarkdown(scenario, estimate, verdict)", () => {
  it("is a page to keep beside the run", () => {
    const verdict = "Fits an RTX 4090 with 15.15 GiB to spare.";
    const release = QLORA_8B_RESULT.versions.transformers;
    const text = writeMarkdown(QLORA_8B, QLORA_8B_RESULT, verdict).replace(release, "X.Y.Z");
    expect(text).toMatchInlineSnapshot(`
      "# LoRA estimate: meta-llama/Llama-3.1-8B

      Fits an RTX 4090 with 15.15 GiB to spare.

      \`\`\`
      trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196
      \`\`\`

      ## GPU memory at the peak

      | tier | size | bytes |
      | --- | --- | --- |
      | allocated | 7.75 GiB | 8326180352 |
      | reserved | 8.38 GiB | 9003073536 |
      | process (nvidia-smi) | 8.83 GiB | 9486257357 |

      ## The allocated peak by part (layer_backward)

      | part | size | certainty | formula |
      | --- | --- | --- | --- |
      | weights | 5.31 GiB | traced | 6,979,321,856 × 0.5159 B (quantized) + 1,050,939,392 × 2 B (bfloat16) |
      | adapter_a | 76.0 MiB | traced | 19,922,944 × 4 B (float32) |
      | adapter_b | 84.0 MiB | traced | 22,020,096 × 4 B (float32) |
      | adapter_other | 0 B | traced | none alive at the peak |
      | optimizer | 320.2 MiB | traced | 83,886,528 × 4 B (float32) |
      | gradients | 1.1 MiB | traced | 294,912 × 4 B (float32) |
      | checkpoints | 1.00 GiB | traced | 32 × (2, 2048, 4096) bfloat16 |
      | activations | 868.2 MiB | traced | one layer, recomputed, 4,096 tokens |
      | loss | 512 B | traced | 1 × () float32 of div |
      | workspace | 128.3 MiB | traced | 1 × (4096, 14336) bfloat16 + 2 × 8,519,680 B |
      | batch | 64.0 KiB | traced | 2 × (2, 2048) int64 of zeros |

      ## Assumed

      - training.optim = "adamw_torch_fused": the default of the conformance tracer
      - training.gradient_checkpointing = true: the default of the conformance tracer

      ## Warnings

      - TRL loads a model given by name in float32

      Computed by lora-calc 0.1.0, peft 0.21.0, transformers X.Y.Z, profile default. GiB is 2^30 bytes.
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
        "weights,base model,5702540160,bytes,traced,",
        "memory,allocated,8326180352,bytes,,",
        "memory,reserved,9003073536,bytes,,",
        "memory,process (nvidia-smi),9486257357,bytes,,",
        "part of the allocated peak,weights,5702755328,bytes,traced,"6,979,321,856 × 0.5159 B (quantized) + 1,050,939,392 × 2 B (bfloat16)"",
        "part of the allocated peak,adapter_a,79691776,bytes,traced,"19,922,944 × 4 B (float32)"",
        "part of the allocated peak,adapter_b,88080384,bytes,traced,"22,020,096 × 4 B (float32)"",
        "part of the allocated peak,adapter_other,0,bytes,traced,none alive at the peak",
        "part of the allocated peak,optimizer,335773696,bytes,traced,"83,886,528 × 4 B (float32)"",
        "part of the allocated peak,gradients,1179648,bytes,traced,"294,912 × 4 B (float32)"",
        "part of the allocated peak,checkpoints,1073741824,bytes,traced,"32 × (2, 2048, 4096) bfloat16"",
        "part of the allocated peak,activations,910411776,bytes,traced,"one layer, recomputed, 4,096 tokens"",
        "part of the allocated peak,loss,512,bytes,traced,1 × () float32 of div",
        "part of the allocated peak,workspace,134479872,bytes,traced,"1 × (4096, 14336) bfloat16 + 2 × 8,519,680 B"",
        "part of the allocated peak,batch,65536,bytes,traced,"2 × (2, 2048) int64 of zeros"",
        "fit,capacity,25757220864,bytes,,",
        "fit,usable by processes,25253904384,bytes,,",
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
