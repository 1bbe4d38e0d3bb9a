/** Whatever a reader brings: the problem is said beside its place, and nothing is lost. */

import { ask, expect, open, peftLine, test } from "./page.js";

const LINE = "trainable params: 41,943,040 || all params: 8,072,204,288 || trainable%: 0.5196";

test("a rank of 0 and an alpha of abc are kept as typed and explained", async ({ page }) => {
  await open(page);
  const rank = page.getByRole("textbox", { name: "Rank r" });
  await rank.fill("0");
  await expect(page.locator("#field-adapter-r-help")).toContainText("at least 1");
  await expect(rank).toHaveValue("0");
  await expect(peftLine(page)).toHaveText(LINE);
  await rank.fill("16");
  await expect(page.locator("#field-adapter-r-help")).not.toContainText("at least 1");

  const alpha = page.getByRole("textbox", { name: "Alpha α" });
  await alpha.fill("abc");
  await expect(page.locator("#field-adapter-lora_alpha-help")).toContainText("number");
  await expect(alpha).toHaveValue("abc");
  await expect(peftLine(page)).toHaveText(LINE);
});

test("no target at all is refused beside the chips", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "attention" }).click();
  for (const name of ["q_proj", "k_proj", "v_proj", "o_proj"]) {
    const chip = page.getByRole("checkbox", { name: new RegExp(`^${name}`) });
    await chip.uncheck({ force: true });
  }
  await expect(page.locator("#targets-help")).toContainText("target_modules is empty");
});

test("a model nobody knows keeps the field and names the way out", async ({ page }) => {
  await open(page);
  const model = page.getByRole("combobox", { name: "Model to train" });
  await model.fill("somebody/Nothing-7B");
  await model.press("Tab");
  await expect(page.locator("#ask-help")).toContainText("config.json");
  await expect(model).toHaveValue("somebody/Nothing-7B");
  await expect(peftLine(page)).toHaveText(LINE);
});

test("what is wrong is said in the page's words, and a button mends it", async ({ page }) => {
  await open(page);
  const rank = page.getByRole("textbox", { name: "Rank r" });
  await rank.fill("0");
  const help = page.locator("#field-adapter-r-help");
  await expect(help).not.toContainText("adapter.r");
  await help.getByRole("button", { name: "Use 1", exact: true }).click();
  await expect(rank).toHaveValue("1");
  // 32 layers of Llama-3.1-8B: a sixteenth of what rank 16 trains.
  await expect(peftLine(page)).toContainText("trainable params: 2,621,440 ");

  await ask(page, "Model", "meta-llama/Lllama-3.1-8B");
  await page.getByRole("button", { name: "Use meta-llama/Llama-3.1-8B", exact: true }).click();
  await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue(
    "meta-llama/Llama-3.1-8B",
  );
});

test("a complaint stands where the next step stood: the ruler does not move", async ({ page }) => {
  await open(page);
  const ruler = page.locator("#answer figure").first();
  const before = (await ruler.boundingBox())?.y;
  await page.getByRole("textbox", { name: "Rank r" }).fill("0");
  await expect(page.locator("#answer").getByRole("button", { name: "Use 1" })).toBeVisible();
  expect((await ruler.boundingBox())?.y).toBe(before);
});

test.describe("files", () => {
  test.beforeEach(async ({ page }) => {
    await open(page);
    await page.getByText("Use a file of your own").click();
  });

  test("broken JSON changes nothing", async ({ page }) => {
    await page.getByLabel("Text of the file").fill('{"model_type": "llama",');
    await page.getByRole("button", { name: "Use this text" }).click();
    await expect(page.getByText("Nothing was changed.")).toBeVisible();
    await expect(page.getByText(/is not JSON/).first()).toBeVisible();
    await expect(peftLine(page)).toHaveText(LINE);
    await expect(page.getByLabel("Text of the file")).toHaveValue('{"model_type": "llama",');
  });

  test("an unknown model_type is named", async ({ page }) => {
    await page.getByLabel("Text of the file").fill('{"model_type": "lama", "hidden_size": 64}');
    await page.getByRole("button", { name: "Use this text" }).click();
    await expect(page.getByText(/did you mean llama/).first()).toBeVisible();
    await expect(peftLine(page)).toHaveText(LINE);
  });

  test("a config.json without sizes says aloud whose sizes are counted", async ({ page }) => {
    await page.getByLabel("Text of the file").fill('{"model_type": "llama"}');
    await page.getByRole("button", { name: "Use this text" }).click();
    await expect(page.locator("#ask-help")).toContainText("names no size");
    await expect(page.locator("#ask-help")).toContainText("num_hidden_layers 32");
  });

  test("a file of 100 MB is refused before it is read", async ({ page }) => {
    await page.getByLabel("Choose a file").evaluate((input: HTMLInputElement) => {
      const chosen = new DataTransfer();
      chosen.items.add(new File([new Uint8Array(100 * 2 ** 20)], "huge.json"));
      input.files = chosen.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await expect(page.getByText(/huge\.json.*MiB/).first()).toBeVisible();
    await expect(peftLine(page)).toHaveText(LINE);
  });

  test("a config.json of another size is counted", async ({ page }) => {
    // 2 layers of width 64, MLP 128, 4 heads, vocabulary 1000: adapters of q and v are 2 · 2 · 16 · (64 + 64).
    const config = {
      model_type: "llama",
      hidden_size: 64,
      intermediate_size: 128,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 4,
      vocab_size: 1000,
    };
    await page.getByLabel("Text of the file").fill(JSON.stringify(config));
    await page.getByRole("button", { name: "Use this text" }).click();
    // The chips of the model before would take the click with them.
    await expect(peftLine(page)).not.toHaveText(LINE);
    for (const name of ["gate_proj", "up_proj", "down_proj", "k_proj", "o_proj"]) {
      await page.getByRole("checkbox", { name: new RegExp(`^${name}`) }).uncheck({ force: true });
    }
    await expect(peftLine(page)).toContainText("trainable params: 8,192 ");
  });
});

test("a damaged link leaves the page as it is and says why", async ({ page }) => {
  await open(page, "/#v=1&adapter.r=");
  await expect(page.getByText("Nothing was changed.")).toBeVisible();
  await expect(peftLine(page)).toHaveText(LINE);
});

test("fp16 with bf16 adapters is refused beside the switch, as PyTorch refuses it", async ({
  page,
}) => {
  await open(page);
  await page.getByText("More training options").click();
  const fp16 = page.getByRole("switch", { name: "fp16 autocast" });
  await fp16.click();
  await expect(page.getByText(/cannot unscale bfloat16 gradients/).first()).toBeVisible();
  await page.getByLabel("Adapters stored as").selectOption("float32");
  await expect(page.getByText(/cannot unscale/)).toHaveCount(0);
  await expect(page.getByRole("switch", { name: "bf16 autocast" })).not.toBeChecked();
});
