/** The two checks: another tool's number, and a published adapter. */

import { expect, open, test } from "./page.js";

const LAYERS = 12;
const RANK = 2;

/** A LoRA of gpt2's `c_attn` as PEFT saves it, with zeros for weights; `rank` is that of its tensors. */
function adapterFile(rank: number): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let end = 0;
  for (let layer = 0; layer < LAYERS; layer += 1) {
    for (const [name, shape] of [
      ["lora_A", [rank, 768]],
      ["lora_B", [2304, rank]],
    ] as const) {
      const start = end;
      end += 4 * shape[0] * shape[1];
      header[`base_model.model.transformer.h.${layer}.attn.c_attn.${name}.weight`] = {
        dtype: "F32",
        shape,
        data_offsets: [start, end],
      };
    }
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(end)]);
}

const CONFIG = {
  name: "adapter_config.json",
  mimeType: "application/json",
  buffer: Buffer.from(
    JSON.stringify({
      peft_type: "LORA",
      base_model_name_or_path: "gpt2",
      r: RANK,
      target_modules: ["c_attn"],
      fan_in_fan_out: true,
    }),
  ),
};

test("a number of another tool is explained, and follows the run", async ({ page }) => {
  await open(page);
  await page.getByText("You saw another number?").click();
  // What PEFT prints on a base whose 4-bit weights are counted by their bytes.
  await page.getByLabel("What it printed").fill("41,943,040 / 4,582,543,360");
  await page.getByRole("button", { name: "Explain it" }).click();
  const reasons = page.getByTestId("reasons");
  await expect(reasons).toContainText("4-bit");
  await page.getByRole("slider", { name: "Rank r" }).press("ArrowRight");
  await expect(reasons.locator("[data-code=other_adapter]").first()).toContainText("16");
});

test("an adapter that is sound is said to be", async ({ page }) => {
  await open(page);
  const chooser = page.getByLabel("adapter_config.json and adapter_model.safetensors");
  const outcome = page.getByTestId("audit");
  await chooser.setInputFiles({
    name: "adapter_model.safetensors",
    mimeType: "",
    buffer: adapterFile(RANK),
  });
  await expect(outcome).toContainText("adapter_config.json is missing");
  await chooser.setInputFiles(CONFIG);
  await expect(outcome).toContainText("Configuration, tensors and base agree.");
  // As printed by peft 0.21.0 for this configuration on gpt2.
  await expect(outcome).toContainText("trainable params: 73,728 || all params: 124,513,536");
});

test("tensors that do not fit their configuration, and files that are none, are named", async ({
  page,
}) => {
  await open(page);
  const chooser = page.getByLabel("adapter_config.json and adapter_model.safetensors");
  const outcome = page.getByTestId("audit");
  await chooser.setInputFiles([
    CONFIG,
    { name: "adapter_model.safetensors", mimeType: "", buffer: adapterFile(4) },
  ]);
  await expect(outcome).toContainText("cannot be loaded as it is");
  await chooser.setInputFiles({
    name: "adapter_model.safetensors",
    mimeType: "",
    buffer: Buffer.from("version https://git-lfs.github.com/spec/v1"),
  });
  await expect(outcome).toContainText("Git LFS pointer");
});
