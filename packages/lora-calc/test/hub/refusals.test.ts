import { describe, expect, it } from "vitest";
import { lookUpModel } from "lora-calc/hub";
import { json, safetensors } from "./hub-server.js";
import type { ServedRepository } from "./hub-server.js";
import { CONFIG, HEADER, hubOfEachTest, problemOf, SMALL, TOKEN } from "./served-models.js";

const hub = hubOfEachTest();

describe("the token", () => {
  it("opens a gated model, goes to the Hub alone, and is in no message", async () => {
    const bytes = safetensors(HEADER);
    const files = {
      "config.json": json(CONFIG),
      "model.safetensors": { bytes, size: 25_900, isStored: true },
    };
    const { endpoint, asked } = await hub({ "owner/gated": { files, token: TOKEN } });
    const said: string[] = [];
    const options = { endpoint, token: TOKEN, onProgress: (text: string) => void said.push(text) };
    const found = await lookUpModel("owner/gated", options);
    const of = (host: string): readonly (string | undefined)[] => [
      ...new Set(asked.filter((one) => one.host === host).map((one) => one.authorization)),
    ];
    expect([of("hub"), of("storage")]).toEqual([[`Bearer ${TOKEN}`], [undefined]]);
    expect(JSON.stringify([found, said])).not.toContain(TOKEN);
    const refused = await problemOf(lookUpModel("owner/gated", { endpoint, token: `${TOKEN}2` }));
    expect(refused.code).toBe("access_denied");
    expect(JSON.stringify(refused)).not.toContain("hf_");
  });

  it("is asked for where a model is gated", async () => {
    const { endpoint } = await hub({ "owner/gated": { files: {}, token: TOKEN } });
    const { code, message } = await problemOf(lookUpModel("owner/gated", { endpoint }));
    expect(code).toBe("access_denied");
    expect(message).toContain(`accept its terms at ${endpoint}/owner/gated, then set HF_TOKEN`);
  });
});

describe("what the Hub refuses, or does not answer", () => {
  it.each<[string, ServedRepository, string, string]>([
    [
      "owner/none",
      { files: {} },
      "unknown_model",
      "has neither config.json nor adapter_config.json",
    ],
    [
      "owner/busy",
      { files: {}, refuses: { status: 429, retryAfter: "17" } },
      "rate_limited",
      "wait 17 s",
    ],
    ["owner/ill", { files: {}, refuses: { status: 503 } }, "network_error", "it answers 503"],
    ["owner/gated", { files: {}, refuses: { status: 403 } }, "access_denied", "is gated"],
    ["owner/small@nowhere", SMALL, "unknown_model", "has no revision nowhere"],
    [
      "owner/broken",
      { files: { "config.json": { bytes: new TextEncoder().encode("{") } } },
      "invalid_json",
      "config.json of owner/broken",
    ],
    ["owner/list", { files: { "config.json": json([1]) } }, "invalid_type", "is not an object"],
    [
      "owner/cut",
      { files: { "config.json": { ...json(CONFIG), breaksAfter: 10 } } },
      "network_error",
      "could not be asked",
    ],
    [
      "owner/huge",
      { files: { "config.json": { bytes: new Uint8Array(0), size: 6e6 } } },
      "limit_exceeded",
      "5 MB",
    ],
    [
      "owner/liar",
      {
        files: {
          "config.json": json(CONFIG),
          "model.safetensors": { bytes: safetensors(HEADER, 4e9), size: 5e9 },
        },
      },
      "limit_exceeded",
      "the header of model.safetensors of owner/liar has 4000000000 bytes",
    ],
    [
      "owner/long",
      {
        files: {
          "config.json": json(CONFIG),
          "model.safetensors": { bytes: safetensors(HEADER, 900), size: 500 },
        },
      },
      "unreadable_file",
      "ends inside its header",
    ],
  ])("%s", async (name, repository, code, what) => {
    const { endpoint } = await hub({ [name.split("@")[0] ?? ""]: repository });
    const problem = await problemOf(lookUpModel(name, { endpoint }));
    expect(problem.code).toBe(code);
    expect(problem.message).toContain(what);
  });

  it("a name that is not there, or private", async () => {
    const { endpoint } = await hub({});
    const { code, message } = await problemOf(lookUpModel("owner/nothing", { endpoint }));
    expect(code).toBe("unknown_model");
    expect(message).toContain(
      "has no model owner/nothing, or it is private (set HF_TOKEN for those)",
    );
  });

  it("a host that is silent, one that is not there, and an endpoint that is none", async () => {
    const { endpoint } = await hub({
      "owner/slow": { files: { "config.json": { ...json(CONFIG), hangs: true } } },
    });
    const slow = await problemOf(lookUpModel("owner/slow", { endpoint, timeout: 200 }));
    expect([slow.code, slow.message]).toEqual([
      "network_error",
      expect.stringContaining("it took too long"),
    ]);
    const gone = await problemOf(lookUpModel("owner/slow", { endpoint: "http://127.0.0.1:1" }));
    expect(gone.code).toBe("network_error");
    const none = await problemOf(lookUpModel("owner/slow", { endpoint: "file:///etc" }));
    expect(none).toMatchObject({ code: "invalid_value", received: "file:///etc" });
  });

  it.each(["../../etc/passwd", "owner/na me", "a/b/c", "owner/..", "", "owner/name@../x"])(
    "%o is no name, and nothing is asked",
    async (name) => {
      const { endpoint, asked } = await hub({});
      expect((await problemOf(lookUpModel(name, { endpoint }))).code).toBe("unknown_model");
      expect(asked).toEqual([]);
    },
  );
});
