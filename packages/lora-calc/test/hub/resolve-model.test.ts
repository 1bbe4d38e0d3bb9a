/** Where a name is looked for. The cache was laid out by huggingface_hub (conformance/hub_cache.py). */

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "lora-calc";
import { resolveAdapter, resolveModel } from "lora-calc/files";
import { json, safetensors, serveHub } from "./hub-server.js";
import type { HubServer } from "./hub-server.js";

const CACHE = fileURLToPath(new URL("cache", import.meta.url));
const CONFIG = { model_type: "llama", vocab_size: 100, hidden_size: 64, num_hidden_layers: 1 };
const HEADER = { "lm_head.weight": { dtype: "F32", shape: [100, 64], data_offsets: [0, 25_600] } };
const ADAPTER = { peft_type: "LORA", r: 4, target_modules: ["q_proj"] };

let server: HubServer;
let home: string;
let environment: Record<string, string>;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lora-calc-"));
  const weights = { bytes: safetensors(HEADER), size: 25_700 };
  server = await serveHub({
    "owner/new": { files: { "config.json": json(CONFIG), "model.safetensors": weights } },
    "owner/new-lora": {
      files: { "adapter_config.json": json({ ...ADAPTER, base_model_name_or_path: "owner/new" }) },
    },
    "owner/known-lora": {
      files: {
        "adapter_config.json": json({ ...ADAPTER, base_model_name_or_path: "Qwen/Qwen3-4B" }),
      },
    },
    "owner/deep": {
      files: { "adapter_config.json": json({ ...ADAPTER, base_model_name_or_path: "owner/deep" }) },
    },
    "owner/baseless": { files: { "adapter_config.json": json(ADAPTER) } },
    "owner/two-files": { files: { "config.json": json({ ...CONFIG, vocab_size: 7 }) } },
  });
  environment = {
    HF_HUB_CACHE: CACHE,
    HF_HOME: home,
    HF_ENDPOINT: server.endpoint,
    XDG_CACHE_HOME: home,
  };
});

afterEach(async () => {
  await server.close();
  await rm(home, { recursive: true });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof InputError ? error.problem.code : `no Problem: ${String(error)}`;
}

describe("a name", () => {
  it("of the catalogue is itself: nothing is read or asked", async () => {
    const { model } = await resolveModel("Qwen/Qwen3-4B", { environment });
    expect([model, server.asked]).toEqual(["Qwen/Qwen3-4B", []]);
  });

  it("of the catalogue is itself by the address of its page, too", async () => {
    const address = "https://huggingface.co/Qwen/Qwen3-4B/tree/main";
    expect(await resolveModel(address, { environment })).toEqual({ model: address, talk: [] });
    expect(server.asked).toEqual([]);
  });

  it("in the cache of huggingface_hub is read there, with the headers of its files", async () => {
    const { model, talk } = await resolveModel("owner/two-files", { environment });
    expect(model).toMatchObject({ id: "owner/two-files", config: { vocab_size: 100 } });
    expect(model).toHaveProperty(["safetensors", "lm_head.weight", "shape"], [100, 64]);
    expect(talk).toEqual(["owner/two-files from the cache of huggingface_hub."]);
    expect(server.asked).toEqual([]);
  });

  it("of which only the configuration was downloaded is that", async () => {
    const names = [
      "owner/config-alone",
      "owner/config-alone@refs/pr/1",
      `owner/config-alone@${"0123456789abcdef".repeat(2)}01234567`,
    ];
    for (const name of names) {
      const { model } = await resolveModel(name, { environment });
      expect(Object.keys(model as object)).toEqual(["id", "config"]);
    }
    expect(server.asked).toEqual([]);
  });

  it("with a revision is never that of the catalogue", async () => {
    const { model } = await resolveModel("gpt2@main", { environment });
    expect(model).toMatchObject({ id: "gpt2", config: { n_layer: 1 } });
  });

  it.each(["HF_HOME", "XDG_CACHE_HOME"])("is found by %s, too", async (name) => {
    const parts = name === "HF_HOME" ? [home] : [home, "huggingface"];
    const { cp } = await import("node:fs/promises");
    await cp(CACHE, join(...parts, "hub"), { recursive: true, verbatimSymlinks: true });
    const { model } = await resolveModel("owner/two-files", {
      environment: { [name]: home, HF_HUB_OFFLINE: "1" },
    });
    expect(model).toMatchObject({ id: "owner/two-files" });
  });

  it("of an adapter is its base with the adapter: in the cache, on the Hub, on a model of the catalogue", async () => {
    const cached = await resolveModel("owner/lora", { environment });
    expect(cached).toMatchObject({ adapter: { r: 8 }, model: { id: "owner/two-files" } });
    const found = await resolveModel("owner/new-lora", { environment });
    expect(found).toMatchObject({
      adapter: { r: 4 },
      model: { id: "owner/new", safetensors: HEADER },
    });
    expect(found.talk).toEqual(["owner/new-lora is an adapter of owner/new."]);
    expect((await resolveModel("owner/known-lora", { environment })).model).toBe("Qwen/Qwen3-4B");
  });

  it("of an adapter of an adapter of an adapter is refused, and one without a base", async () => {
    expect(await codeOf(resolveModel("owner/deep", { environment }))).toBe("missing_field");
    expect(await codeOf(resolveModel("owner/baseless", { environment }))).toBe("missing_field");
  });

  it("that is nowhere is said with what is near", async () => {
    expect(await codeOf(resolveModel("no/such-model", { environment }))).toBe("unknown_model");
    expect(await codeOf(resolveModel("not a name!", { environment }))).toBe("unknown_model");
  });
});

describe("a name that is not meant", () => {
  it("is said with the one of the catalogue that may be", async () => {
    const error: unknown = await resolveModel("Qwen/Qwen3-4C", { environment }).catch(
      (reason: unknown) => reason,
    );
    expect(error instanceof InputError ? error.problem : undefined).toMatchObject({
      code: "unknown_model",
      nearest: "Qwen/Qwen3-4B",
      message: expect.stringContaining("(did you mean Qwen/Qwen3-4B?)") as string,
    });
  });

  it("is explained where its weights are packed for inference, and nothing is asked", async () => {
    const error: unknown = await resolveModel("Qwen/Qwen3-32B-AWQ", { environment }).catch(
      (reason: unknown) => reason,
    );
    expect(error instanceof InputError ? error.problem.nearest : undefined).toBe("Qwen/Qwen3-32B");
    expect(server.asked).toEqual([]);
  });
});

describe("what was found on the Hub", () => {
  it("is asked for by one request the next time, and not at all offline", async () => {
    const first = await resolveModel("owner/new", { environment });
    const before = server.asked.length;
    expect(await resolveModel("owner/new", { environment })).toEqual(first);
    expect(server.asked.length - before).toBe(1);
    const offline = await resolveModel("owner/new", { environment, offline: true });
    expect(offline.model).toEqual(first.model);
    expect(offline.talk).toEqual(["The Hub was not asked: this is what it said when it last was."]);
    expect(server.asked.length - before).toBe(1);
  });

  it("answers when the Hub does not", async () => {
    const first = await resolveModel("owner/new", { environment });
    const gone = { ...environment, HF_ENDPOINT: "http://127.0.0.1:1" };
    expect((await resolveModel("owner/new", { environment: gone })).model).toEqual(first.model);
    expect(await codeOf(resolveModel("owner/new-lora", { environment: gone }))).toBe(
      "network_error",
    );
  });

  it("is read anew where the kept file is broken", async () => {
    await resolveModel("owner/new", { environment });
    const folder = join(home, "lora-calc", "hub");
    for (const name of await readdir(folder)) await writeFile(join(folder, name), "{");
    expect((await resolveModel("owner/new", { environment })).model).toMatchObject({
      id: "owner/new",
    });
  });
});

describe("offline", () => {
  it.each([
    [{ offline: true }, {}],
    [{}, { HF_HUB_OFFLINE: "1" }],
    [{}, { HF_HUB_OFFLINE: "yes" }],
    [{}, { TRANSFORMERS_OFFLINE: "TRUE" }],
  ])("%o %o asks nothing, for models and for adapters", async (options, variables) => {
    const all = { ...options, environment: { ...environment, ...variables } };
    expect(await codeOf(resolveModel("owner/new", all))).toBe("unknown_model");
    expect(await codeOf(resolveAdapter("owner/new-lora", all))).toBe("unknown_model");
    expect(await resolveAdapter("owner/lora", all)).toMatchObject({ files: { config: { r: 8 } } });
    expect(server.asked).toEqual([]);
  });
});

describe("the environment", () => {
  it("brings the token, by its variable or by the file of `hf auth login`", async () => {
    const seen = (): ReadonlySet<string | undefined> =>
      new Set(server.asked.map(({ authorization }) => authorization));
    await resolveModel("owner/new", { environment: { ...environment, HF_TOKEN: "hf_one" } });
    expect(seen()).toEqual(new Set(["Bearer hf_one"]));
    server.asked.length = 0;
    await writeFile(join(home, "token"), "hf_two\n");
    await resolveModel("owner/new", { environment });
    expect(seen()).toEqual(new Set(["Bearer hf_two"]));
    server.asked.length = 0;
    await resolveModel("owner/new", {
      environment: { ...environment, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" },
    });
    expect(seen()).toEqual(new Set([undefined]));
  });

  it("names the proxy that requests go through, and the hosts that they do not", async () => {
    const through: string[] = [];
    const proxy = createServer((request, response) => {
      through.push(request.url ?? "");
      response.writeHead(502).end();
    });
    proxy.on("connect", (request, socket) => {
      through.push(request.url ?? "");
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as AddressInfo;
    const proxied = { ...environment, http_proxy: `http://127.0.0.1:${port}` };
    expect(await codeOf(resolveModel("owner/new", { environment: proxied }))).toBe("network_error");
    expect([through.length > 0, server.asked.length]).toEqual([true, 0]);
    const direct = { ...proxied, NO_PROXY: "127.0.0.1" };
    expect((await resolveModel("owner/new", { environment: direct })).model).toMatchObject({
      id: "owner/new",
    });
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
});
