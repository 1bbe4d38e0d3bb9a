/** Files that people have: dropped, chosen or pasted, read in the browser. */

import type { Page } from "@playwright/test";
import { expect, open, peftLine, test } from "./page.js";

const AXOLOTL = `base_model: NousResearch/Meta-Llama-3-8B
adapter: qlora
load_in_4bit: true
lora_r: 32
lora_alpha: 16
lora_target_linear: true
lora_rnk: 4
sequence_len: 2048
micro_batch_size: 2
flash_attention: true
learning_rate: 2e-4
`;

const SCRIPT = `from unsloth import FastLanguageModel
from trl import SFTConfig, SFTTrainer

model, tokenizer = FastLanguageModel.from_pretrained("unsloth/Llama-3.1-8B", max_seq_length=2048)
model = FastLanguageModel.get_peft_model(model, r=16, lora_alpha=16)
SFTTrainer(model=model, args=SFTConfig(per_device_train_batch_size=2, optim="adamw_8bit"))
`;

async function paste(page: Page, text: string): Promise<void> {
  await page.getByText("Use a file of your own").click();
  await page.getByLabel("Text of the file").fill(text);
  await page.getByRole("button", { name: "Use this text" }).click();
}

test("a trainer's YAML becomes the run, and what is wrong with it is said with its line", async ({
  page,
}) => {
  await open(page);
  await paste(page, AXOLOTL);
  const read = page.locator(".read");
  await expect(read).toContainText("is read as Axolotl’s, under axolotl-0.19");
  await expect(read).toContainText("Unknown key, line 7");
  await expect(read).toContainText("Old name, line 10");
  // Rank 32 on the seven projections of Llama-3-8B, as PEFT counts them.
  await expect(peftLine(page)).toContainText("trainable params: 83,886,080 ");
});

test("a training script is read, and not run", async ({ page }) => {
  await open(page);
  await paste(page, SCRIPT);
  await expect(page.locator(".read")).toContainText("is read as Unsloth’s, under unsloth-2026.8");
  await expect(peftLine(page)).toContainText("trainable params: 41,943,040 ");
});

test("a file that is none changes nothing", async ({ page }) => {
  await open(page);
  const before = await peftLine(page).innerText();
  await paste(page, "just: words\n");
  await expect(page.getByText(/neither a config.json/).first()).toBeVisible();
  await expect(peftLine(page)).toHaveText(before);
});

test("a notebook that is dropped is read", async ({ page }) => {
  await open(page);
  const notebook = JSON.stringify({ cells: [{ cell_type: "code", source: [SCRIPT] }] });
  await page.evaluate((text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "train.ipynb"));
    window.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
  }, notebook);
  await expect(page.locator(".read")).toBeVisible();
  await expect(peftLine(page)).toContainText("trainable params: 41,943,040 ");
});
