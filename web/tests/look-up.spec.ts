/** A name that the catalogue lacks, looked up on the Hub: only when it is asked for, and whatever the Hub answers. */

import { expect, test } from "@playwright/test";
import type { Page, Route } from "@playwright/test";
import { open, peftLine } from "./page.js";

const CONFIG = {
  ...{ model_type: "llama", architectures: ["LlamaForCausalLM"], vocab_size: 1000 },
  ...{ hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 4 },
  ...{ tie_word_embeddings: false, bos_token_id: 1, transformers_version: "5.24.0" },
};
// Rank 16 on two layers: 16 · (4 · 128 + 3 · 192) each, 34,816 in all.
const COMMIT = "a".repeat(40);
const EXPOSED = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-repo-commit,x-error-code,content-range",
};

/** Answers for the Hub, and notes what it is asked. */
async function hub(
  page: Page,
  answer: (route: Route, file: string) => Promise<void>,
): Promise<string[]> {
  const asked: string[] = [];
  await page.route(/huggingface\.co|hf\.co/, async (route) => {
    asked.push(route.request().url());
    await answer(route, route.request().url().split("/").at(-1) ?? "");
  });
  return asked;
}

async function type(page: Page, name: string): Promise<void> {
  const model = page.getByRole("combobox", { name: "Model to train" });
  await model.fill(name);
  await model.press("Enter");
}

const lookUp = (page: Page) => page.getByRole("button", { name: "Look it up on the Hub" });

test("what the Hub answers is the model, in the link, too; nothing is asked before", async ({
  page,
}) => {
  const asked = await hub(page, async (route, file) => {
    if (file !== "config.json") {
      await route.fulfill({
        status: 404,
        headers: { ...EXPOSED, "x-error-code": "EntryNotFound" },
      });
      return;
    }
    const headers = { ...EXPOSED, "x-repo-commit": COMMIT };
    await route.fulfill({ json: CONFIG, headers });
  });
  await open(page);
  await type(page, "somebody/Small-Model");
  await expect(page.locator("#ask-help")).toContainText("Nothing has left this page");
  expect(asked).toEqual([]);
  await lookUp(page).click();
  await expect(page.locator("#ask-help")).toContainText("2 layers");
  await expect(peftLine(page)).toContainText("trainable params: 34,816");
  expect(asked[0]).toBe("https://huggingface.co/somebody/Small-Model/resolve/main/config.json");
  await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue(
    "somebody/Small-Model",
  );
  await page.waitForFunction(() => location.hash.includes("hidden_size"));
  expect(page.url()).not.toContain("transformers_version");
  const many = asked.length;
  await page.reload();
  await expect(peftLine(page)).toContainText("trainable params: 34,816");
  expect(asked).toHaveLength(many);
});

test("what the Hub refuses is said, and the name stays", async ({ page }) => {
  await hub(page, (route) =>
    route.fulfill({ status: 401, headers: { ...EXPOSED, "x-error-code": "GatedRepo" } }),
  );
  await open(page);
  await type(page, "somebody/Gated-7B");
  await lookUp(page).click();
  await expect(page.getByRole("status").filter({ hasText: "somebody/Gated-7B" })).toContainText(
    "accept its terms",
  );
  await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue(
    "somebody/Gated-7B",
  );
  await type(page, "somebody/Other-7B");
  await expect(page.locator("#ask-help")).not.toContainText("accept its terms");
});

test("a Hub that cannot be reached is said, and asked again", async ({ page }) => {
  const asked = await hub(page, (route) => route.abort());
  await open(page);
  await type(page, "somebody/Far-7B");
  await lookUp(page).click();
  await expect(page.locator("#ask-help")).toContainText("huggingface.co could not be asked");
  await lookUp(page).click();
  await expect.poll(() => asked.length).toBe(2);
});

test("an adapter brings its fields and its base", async ({ page }) => {
  const adapter = {
    peft_type: "LORA",
    r: 4,
    target_modules: ["q_proj"],
    base_model_name_or_path: "Qwen/Qwen3-4B",
  };
  await hub(page, async (route, file) => {
    if (file === "adapter_config.json") await route.fulfill({ json: adapter, headers: EXPOSED });
    else
      await route.fulfill({
        status: 404,
        headers: { ...EXPOSED, "x-error-code": "EntryNotFound" },
      });
  });
  await open(page);
  await type(page, "somebody/my-lora");
  await lookUp(page).click();
  await expect(page.getByRole("combobox", { name: "Model to train" })).toHaveValue("Qwen/Qwen3-4B");
  await expect(page.getByRole("textbox", { name: "Rank r" })).toHaveValue("4");
});
