/** Every recipe on two of four cards: an answer or a way to one, advice that ends, nothing complained. */

import { ask, expect, open, test } from "./page.js";

/** Pairs of cards that the recipes take in turn; the two tests together show each recipe to a small and to a larger card. */
const CARDS = [
  ["RTX 3060", "RTX 4090"],
  ["H100 SXM 80GB", "RTX 4060"],
] as const;

for (const cards of CARDS) {
  test(`every recipe gets an answer and advice on ${cards.join(" or ")}`, async ({ page }) => {
    await open(page);
    const recipes = page.getByLabel("A published recipe");
    const ids = await recipes
      .locator("option")
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    const named = ids.filter((id) => id !== "");
    expect(named.length).toBeGreaterThanOrEqual(19);
    for (const [index, id] of named.entries()) {
      await ask(page, "Card", cards[index % 2] ?? cards[0]);
      await recipes.selectOption(id);
      const other = page.locator("#answer").getByRole("button", { name: "Compute under trl-1.16" });
      const advice = page.locator("section[aria-labelledby=advice-heading]");
      await expect
        .poll(
          async () => {
            // The answer may take the button away between the look and the click, which would wait for it in vain.
            if (await other.isVisible())
              await other.click({ timeout: 1000 }).catch(() => undefined);
            return (await page.locator(".behind").count()) + (await other.count());
          },
          { intervals: [50] },
        )
        .toBe(0);
      await expect(page.locator("#answer .verdict")).toContainText(/Fits|Tight|Does not fit/);
      await advice.locator(".working").waitFor({ state: "detached" });
      await expect(advice).toContainText(/Cards that hold this run|No single card/);
    }
  });
}

test("the run stays in the address: links into the page, reload, back and the copied link", async ({
  page,
}) => {
  await open(page);
  await page.getByRole("textbox", { name: "Rank r" }).fill("32");
  await expect.poll(() => page.url()).toContain("adapter.r=32");

  await page.getByRole("link", { name: "How LoRA works" }).click();
  await expect(page.locator("#learn")).toBeInViewport();
  expect(page.url()).toContain("adapter.r=32");

  await page.reload();
  await expect(page.getByRole("textbox", { name: "Rank r" })).toHaveValue("32");

  await page.getByRole("textbox", { name: "Rank r" }).fill("64");
  await expect.poll(() => page.url()).toContain("adapter.r=64");
  await page.goBack();
  await expect(page.getByRole("textbox", { name: "Rank r" })).toHaveValue("32");
  expect(page.url()).toContain("adapter.r=32");

  await page.getByRole("button", { name: "Copy the link to this state" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("adapter.r=32");
});

test("an own adapter after an own model keeps the model", async ({ page }) => {
  await open(page);
  const take = async (document: object): Promise<void> => {
    const box = page.getByLabel("Text of the file");
    if (!(await box.isVisible())) await page.getByText("Use a file of your own").click();
    await box.fill(JSON.stringify(document));
    await page.getByRole("button", { name: "Use this text" }).click();
  };
  const sizes = { vocab_size: 1000, hidden_size: 64, intermediate_size: 128 };
  await take({ model_type: "llama", ...sizes, num_hidden_layers: 2, num_attention_heads: 4 });
  await expect(page.getByTestId("peft-line")).not.toContainText("8,072,204,288");
  await take({
    peft_type: "LORA",
    r: 4,
    target_modules: ["q_proj"],
    base_model_name_or_path: "./mine",
  });
  // 2 layers x 4 x (64 + 64)
  await expect(page.getByTestId("peft-line")).toContainText("trainable params: 1,024");
});

test("the plan of a run that does not fit appears though a lever repeats", async ({ page }) => {
  await open(page);
  await ask(page, "Model", "meta-llama/Llama-3.1-70B");
  await expect(page.getByText(/Does not fit an RTX 4090/).first()).toBeVisible();
  const advice = page.locator("section[aria-labelledby=advice-heading]");
  await expect(advice.getByRole("heading", { name: "The way to a fit" })).toBeVisible();
});
