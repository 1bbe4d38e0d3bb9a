import { describe, expect, it } from "vitest";
import { asScenario, estimate } from "lora-calc";
import { lookUpAdapter, lookUpModel } from "lora-calc/hub";
import { COMMIT, json, safetensors } from "./hub-server.js";
import { CONFIG, HEADER, hubOfEachTest, problemOf, SMALL, TOKEN } from "./served-models.js";

const INDEX = {
  weight_map: {
    "model.embed_tokens.weight": "model-00001-of-00002.safetensors",
    "lm_head.weight": "model-00002-of-00002.safetensors",
  },
};

const hub = hubOfEachTest();

describe("a model on the Hub", () => {
  it("is its configuration, the header of its weights and the commit, by name", async () => {
    const { endpoint, asked } = await hub({ "owner/small": SMALL });
    const found = await lookUpModel("owner/small", { endpoint });
    expect(found).toMatchObject({ repository: "owner/small", commit: COMMIT, talk: [] });
    expect(found.model).toEqual({ id: "owner/small", config: CONFIG, safetensors: HEADER });
    expect(asked.map(({ url }) => url.split("/resolve/")[1])).toEqual([
      "main/config.json",
      // The rest of the commit that was met, whatever is pushed meanwhile.
      `${COMMIT}/model.safetensors.index.json`,
      `${COMMIT}/model.safetensors`,
      `${COMMIT}/model.safetensors`,
    ]);
  });

  it("has what its header holds, though the configuration ties it", async () => {
    const { endpoint } = await hub({ "owner/small": SMALL });
    const { model } = await lookUpModel("owner/small", { endpoint });
    const ask = { model, adapter: { r: 8, target_modules: ["q_proj"] } };
    const result = estimate(asScenario(ask));
    const alone = estimate(asScenario({ ...ask, model: { config: CONFIG } }));
    const all = (of: typeof result): number => ("parameters" in of ? of.parameters.base : 0);
    expect(all(result) - all(alone)).toBe(100 * 64);
  });

  it("reads 8 bytes and a header of 200 GB, from the storage host that it is sent to", async () => {
    const bytes = safetensors(HEADER);
    const files = {
      "config.json": json(CONFIG),
      "model.safetensors": { bytes, size: 2e11, isStored: true },
    };
    const { endpoint, asked } = await hub({ "owner/large": { files } });
    const { model } = await lookUpModel("owner/large", { endpoint });
    expect(model?.safetensors).toEqual(HEADER);
    const stored = asked.filter(({ host }) => host === "storage");
    expect(stored.map(({ range }) => range)).toEqual(["bytes=0-7", `bytes=8-${bytes.length - 1}`]);
    expect(stored.map(({ sent }) => sent)).toEqual([8, bytes.length - 8]);
  });

  it("reads no more than it needs from a server that knows no ranges", async () => {
    const bytes = safetensors(HEADER);
    const files = {
      "config.json": json(CONFIG),
      "model.safetensors": { bytes, size: 2e11, isWhole: true },
    };
    const { endpoint, asked } = await hub({ "owner/large": { files } });
    const { model } = await lookUpModel("owner/large", { endpoint });
    expect(model?.safetensors).toEqual(HEADER);
    // What the sockets had taken before the reader hung up.
    for (const { sent } of asked) expect(sent).toBeLessThan(20e6);
  });

  it("reads the headers of all files that its index names, and says how far it is", async () => {
    const files = {
      "config.json": json(CONFIG),
      "model.safetensors.index.json": json(INDEX),
      "model-00001-of-00002.safetensors": {
        bytes: safetensors({ a: HEADER["model.embed_tokens.weight"] }),
        size: 13_000,
      },
      "model-00002-of-00002.safetensors": {
        bytes: safetensors({ b: HEADER["lm_head.weight"] }),
        size: 26_000,
      },
    };
    const { endpoint } = await hub({ "owner/parts": { files } });
    const said: string[] = [];
    const onProgress = (text: string): void => void said.push(text);
    const { model } = await lookUpModel("owner/parts", { endpoint, onProgress });
    expect(Object.keys(model?.safetensors ?? {})).toEqual(["a", "b"]);
    expect(said).toEqual([
      expect.stringMatching(/^asking 127\.0\.0\.1:\d+ for owner\/parts$/),
      "headers of owner/parts: 0 of 2 files",
    ]);
  });

  it("without safetensors is its configuration alone, and that is said", async () => {
    const { endpoint } = await hub({ "owner/old": { files: { "config.json": json(CONFIG) } } });
    const { model, talk } = await lookUpModel("owner/old", { endpoint });
    expect(model).toEqual({ id: "owner/old", config: CONFIG });
    expect(talk).toEqual(["owner/old has no safetensors: config.json alone says its sizes"]);
  });

  it("is found under its new name, by an address, and at a revision", async () => {
    const { endpoint, asked } = await hub({
      "old/name": { files: {}, movedTo: "owner/small" },
      "owner/small": { ...SMALL, revisions: ["refs/pr/7", "main", COMMIT] },
    });
    for (const token of [undefined, TOKEN]) {
      const options = { endpoint, ...(token === undefined ? {} : { token }) };
      expect((await lookUpModel("old/name", options)).model?.config).toEqual(CONFIG);
    }
    await lookUpModel("owner/small@refs/pr/7", { endpoint });
    expect(asked.some(({ url }) => url.endsWith("resolve/refs%2Fpr%2F7/config.json"))).toBe(true);
    await lookUpModel("https://huggingface.co/owner/small/tree/main", { endpoint });
  });

  it("that is an adapter names its base", async () => {
    const config = { peft_type: "LORA", r: 8, base_model_name_or_path: "owner/small" };
    const { endpoint } = await hub({
      "owner/lora": { files: { "adapter_config.json": json(config) } },
    });
    const found = await lookUpModel("owner/lora", { endpoint });
    expect(found).toMatchObject({ model: undefined, adapter: config, base: "owner/small" });
  });

  it("is not read again at a commit that is known", async () => {
    const { endpoint, asked } = await hub({ "owner/small": SMALL });
    const known = await lookUpModel("owner/small", { endpoint });
    asked.length = 0;
    const again = await lookUpModel("owner/small", {
      ...{
        endpoint,
        known: (_: string, commit: string) =>
          Promise.resolve(commit === COMMIT ? known : undefined),
      },
    });
    expect([again, asked.length]).toEqual([known, 1]);
  });
});

describe("an adapter on the Hub", () => {
  it("is its configuration and the header of its tensors, with the size of their file", async () => {
    const config = { peft_type: "LORA", r: 8, base_model_name_or_path: "owner/small" };
    const bytes = safetensors(HEADER);
    const files = {
      "adapter_config.json": json(config),
      "adapter_model.safetensors": { bytes, size: 25_900, isStored: true },
    };
    const { endpoint } = await hub({ "owner/lora": { files } });
    expect(await lookUpAdapter("owner/lora", { endpoint })).toEqual({
      ...{ repository: "owner/lora", config, tensorsFile: "adapter_model.safetensors" },
      ...{ header: HEADER, headerBytes: bytes.length, fileBytes: 25_900 },
    });
  });

  it("that is a model is told apart", async () => {
    const { endpoint } = await hub({ "owner/small": SMALL });
    const problem = await problemOf(lookUpAdapter("owner/small", { endpoint }));
    expect(problem).toMatchObject({ code: "missing_field" });
    expect(problem.message).toContain("lora-calc estimate owner/small");
  });
});
