/** A newcomer asks in one line, in whatever words. */

import { ask, expect, open, peftLine, test } from "./page.js";

test("a newcomer has a first answer in two clicks", async ({ page }) => {
  await open(page);
  await page.getByRole("combobox", { name: "Card to train on" }).click();
  await page
    .getByRole("option", { name: /^RTX 3060 1/ })
    .first()
    .click();
  await expect(page.locator("#answer").getByText(/Fits an RTX 3060 with/)).toBeVisible();
});

test("a size lists the models that have it, and keys choose one", async ({ page }) => {
  await open(page);
  const model = page.getByRole("combobox", { name: "Model to train" });
  await model.fill("7B");
  const options = page.getByRole("listbox", { name: "Model to train" }).getByRole("option");
  await expect(options.filter({ hasText: "meta-llama/Llama-2-7b-hf" })).toBeVisible();
  await expect(options.filter({ hasText: "Llama-3.1-8B" })).toHaveCount(0);

  await model.fill("llama 2 7b");
  await model.press("ArrowDown");
  await model.press("Enter");
  await expect(model).toHaveValue("meta-llama/Llama-2-7b-hf");
  // Printed by peft 0.21.0 for r=16 on all linear layers.
  await expect(peftLine(page)).toContainText(
    "trainable params: 39,976,960 || all params: 6,778,392,576",
  );
});

test("a model that cannot generate is asked for what it is for", async ({ page }) => {
  await open(page);
  await page.getByRole("combobox", { name: "Way to train" }).selectOption("lora");
  const model = page.getByRole("combobox", { name: "Model to train" });
  await model.fill("google-bert/bert-base-uncased");
  await model.press("Enter");
  // Printed by peft 0.21.0 for BertForSequenceClassification, r=16 on all linear layers.
  await expect(peftLine(page)).toContainText(
    "trainable params: 2,680,322 || all params: 112,164,100",
  );
  await expect(page.getByText(/cannot generate/)).toHaveCount(0);
});

test("what LoRA stops at is left out, whichever way to train is chosen then", async ({ page }) => {
  await open(page);
  const model = page.getByRole("combobox", { name: "Model to train" });
  await model.fill("nvidia/NVIDIA-Nemotron-Nano-9B-v2");
  await model.press("Enter");
  // Printed by peft 0.21.0 for r=16 on all linear layers without out_proj and conv1d.
  const line = "trainable params: 29,784,064 || all params: 8,918,011,392";
  await expect(peftLine(page)).toContainText(line);
  await expect(page.getByRole("checkbox", { name: /^out_proj/ })).not.toBeChecked();
  const way = page.getByRole("combobox", { name: "Way to train" });
  await way.selectOption("full");
  await expect(peftLine(page)).not.toContainText(line);
  await way.selectOption("lora");
  await expect(peftLine(page)).toContainText(line);
});

test("a pasted address of the Hub is understood, and Escape puts back what was there", async ({
  page,
}) => {
  await open(page);
  const model = page.getByRole("combobox", { name: "Model to train" });
  await model.fill("https://huggingface.co/Qwen/Qwen3-4B/tree/main");
  await model.press("Enter");
  await expect(peftLine(page)).toContainText("trainable params: 33,030,144");
  await model.fill("something else");
  await model.press("Escape");
  await expect(model).toHaveValue("Qwen/Qwen3-4B");
  await expect(page.getByRole("listbox", { name: "Model to train" })).toBeHidden();
});

test("a way to train keeps the model and the card, and a card can be a size", async ({ page }) => {
  await open(page);
  const card = page.getByRole("combobox", { name: "Card to train on" });
  await card.fill("80 GB");
  await card.press("Enter");
  await page.getByRole("combobox", { name: "Way to train" }).selectOption("full fine-tuning");
  await expect(peftLine(page)).toContainText("trainable params: 8,030,261,248");
  await expect(card).toHaveValue("80 GB");
  await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue(
    "meta-llama/Llama-3.1-8B",
  );
});

test("the verdict stays in sight: docked once it has left the screen", async ({ page }) => {
  await open(page);
  const docked = page.getByRole("complementary", { name: "Answer in short" });
  await expect(docked.getByText(/Fits an RTX 4090/)).toBeHidden();
  await page.getByRole("heading", { name: "Memory by part" }).scrollIntoViewIfNeeded();
  await expect(docked.getByText(/Fits an RTX 4090/)).toBeVisible();
  await docked.getByRole("link").click();
  await expect(docked.getByText(/Fits an RTX 4090/)).toBeHidden();
});

test("advice that is taken says so, with the way back in reach of the keys", async ({ page }) => {
  await open(page);
  const batch = page.getByRole("textbox", { name: "Batch size" });
  await expect(batch).toHaveValue("2");
  await page.locator("#answer").getByRole("button", { name: "Apply" }).click();
  const said = page.locator("#answer").getByText(/^Now: \d+ sequences per step\.$/);
  await expect(said).toBeVisible();
  await expect(batch).not.toHaveValue("2");
  await page.keyboard.press("Enter");
  await expect(batch).toHaveValue("2");
  await expect(said).toBeHidden();
});

test("a number is moved with arrows and PageUp, put back with Escape, and never empty in silence", async ({
  page,
}) => {
  await open(page);
  const rank = page.getByRole("textbox", { name: "Rank r" });
  await rank.focus();
  await rank.press("ArrowUp");
  await expect(rank).toHaveValue("17");
  await rank.press("PageUp");
  await expect(rank).toHaveValue("34");
  await rank.press("Escape");
  await expect(rank).toHaveValue("16");
  await rank.fill("");
  await expect(rank).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText(/Rank r must be/).first()).toBeVisible();
});

test("presets keep the model and the card, count what changed since, and take it back", async ({
  page,
}) => {
  await open(page);
  await ask(page, "Model", "Qwen/Qwen3-4B");
  await ask(page, "Card", "RTX 3060");
  const start = page.getByRole("group", { name: "Start from" });
  await start.getByText("DoRA", { exact: true }).click();
  await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue("Qwen/Qwen3-4B");
  await expect(page.getByRole("combobox", { name: "Card to train on" })).toHaveValue("RTX 3060");
  await expect(start.getByText(/change/)).toHaveCount(0);
  await page.getByRole("textbox", { name: "Rank r" }).fill("8");
  await page.getByRole("textbox", { name: "Alpha α" }).fill("8");
  await expect(start.getByText("2 changes")).toBeVisible();
  await expect(start.getByRole("radio", { name: "DoRA" })).toBeChecked();
  await start.getByRole("button", { name: "reset all" }).click();
  await expect(page.getByRole("textbox", { name: "Rank r" })).toHaveValue("16");
});

test("cards stand on shelves, and the model says its sizes", async ({ page }) => {
  await open(page);
  await page.getByRole("combobox", { name: "Card to train on" }).click();
  const list = page.getByRole("listbox", { name: "Card to train on" });
  for (const shelf of ["GeForce", "Workstation", "Data center"]) {
    await expect(list.getByText(shelf, { exact: true })).toBeVisible();
  }
  await page.keyboard.press("Escape");
  await expect(page.locator("#ask-help")).toContainText(
    "8,030,261,248 parameters · 32 layers · 4,096 wide · 32 heads · 8 key-value heads",
  );
});

test("on a phone the docked answer opens a sheet, and the place in the form is kept", async ({
  page,
}) => {
  await page.setViewportSize({ width: 390, height: 780 });
  await open(page);
  const loss = page.getByRole("combobox", { name: "Loss" });
  await loss.scrollIntoViewIfNeeded();
  const place = (await loss.boundingBox())?.y ?? 0;
  const bar = page
    .getByRole("complementary", { name: "Answer in short" })
    .getByRole("button", { name: /Fits an RTX 4090/ });
  await bar.click();
  const sheet = page.getByRole("dialog", { name: "Answer" });
  await expect(sheet.getByText(/Fits an RTX 4090/)).toBeVisible();
  await expect(sheet.getByText("trainable params: 41,943,040")).toBeVisible();
  await sheet.getByRole("button", { name: "Apply" }).click();
  await expect(sheet.getByText(/^Now: /)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await expect(bar).toBeFocused();
  expect((await loss.boundingBox())?.y).toBeCloseTo(place, -1);
});
