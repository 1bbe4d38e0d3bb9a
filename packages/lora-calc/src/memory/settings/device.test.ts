import { asScenario } from "../../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import { peaksOf } from "../../exchange/peaks.js";
import type { Estimate, Result } from "../../result.js";
import { MIB } from "../../units/format.js";

const RUN = { model: "Qwen/Qwen2.5-0.5B", adapter: { r: 8, target_modules: "all-linear" } };

function answered(scenario: object): Estimate {
  const result: Result = estimate({ ...RUN, training: { max_length: 512 }, ...scenario });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

function whyNoMemory(scenario: object): string {
  const answer = answered(scenario);
  const { parameters, warnings } = answer;
  expect(peaksOf(answer)).toBeUndefined();
  // Rank 8 times in + out of the seven linear layers, 24 times: 8 · 24 · (4 · 896 + 2 · 1024 + 3 · 5760).
  expect(parameters.trainable).toBe(4_399_104);
  return warnings.find(({ code }) => code === "memory_not_computed")?.message ?? "";
}

describe("hardware that has no program is refused by name, and the counts stand", () => {
  it.each([
    [{ gpu: "T4", strategy: "fsdp2" }, "hardware.strategy fsdp2"],
    [{ gpu: "T4", zero_optimization: { stage: 3 } }, "hardware.zero_optimization"],
  ])("%o", (hardware, named) => {
    expect(whyNoMemory({ hardware })).toContain(named);
  });

  it("a strategy that nobody knows is an error", () => {
    const result = estimate(asScenario({ ...RUN, hardware: { gpu: "T4", strategy: "fsdp3" } }));
    expect(result).toMatchObject({ error: { path: "hardware.strategy" } });
  });
});

describe("several cards under DDP", () => {
  const bytesOf = ({ memory }: Estimate, name: string): number | undefined =>
    [...(memory?.parts ?? []), ...(memory?.beyond_tensors ?? [])].find((part) => part.name === name)
      ?.bytes;
  const one = answered({ hardware: { gpu: "T4" } });
  const two = answered({ hardware: { gpu: "T4", count: 2 } });

  it("hold what one card holds, and buckets for the gradients of the adapters in float32", () => {
    expect(bytesOf(two, "communication")).toBe(4 * 4_399_104);
    expect(bytesOf(one, "communication")).toBeUndefined();
    for (const part of ["adapter_a", "adapter_b", "optimizer"]) {
      expect(bytesOf(two, part), part).toBe(bytesOf(one, part));
    }
  });

  it("need NCCL's buffers in the process, and the host's memory for the model as it is read", () => {
    expect(bytesOf(two, "nccl")).toBe(300 * MIB);
    expect(bytesOf(answered({ hardware: { gpu: "T4", nodes: 2, count: 4 } }), "nccl")).toBe(
      850 * MIB,
    );
    expect(bytesOf(one, "nccl")).toBeUndefined();
    // 494,032,768 parameters in bfloat16 and the adapters in float32; a buffer of 32 frequencies in float32 twice.
    expect(two.host_peak).toBe(2 * 494_032_768 + 4 * 4_399_104 + 2 * 32 * 4);
    expect(one.host_peak).toBeUndefined();
  });

  it("are the same run on any number of cards, but for NCCL", () => {
    const many = answered({ hardware: { count: 8 } });
    const few = answered({ hardware: { count: 2 } });
    expect(peaksOf(many)?.allocated_peak).toBe(peaksOf(few)?.allocated_peak);
  });
});

describe("the CUDA context", () => {
  const contextOf = (gpu: string): number =>
    (answered({ hardware: { gpu } }).memory?.beyond_tensors?.find(
      ({ name }) => name === "cuda_context",
    )?.bytes ?? 0) / MIB;

  // Medians of public rows: github.com/Anassbzdd/fitcheck (79 runs), out-of-memory messages in public repositories.
  it.each([
    ["T4", 141, 1],
    ["RTX 3090", 310, 0.05],
    ["A100 80GB SXM", 501, 0.05],
    ["RTX 4090", 474, 0.1],
    ["L4", 251, 0.1],
    ["B200 SXM", 712, 0.15],
  ])("of a %s is about %d MiB", (gpu, measured, tolerance) => {
    expect(Math.abs(contextOf(gpu) / measured - 1)).toBeLessThan(tolerance);
  });

  it("leaves processes what the driver gives: 23.52 of 23.99 GiB on an RTX 4090", () => {
    const { fit, memory } = answered({ hardware: { gpu: "RTX 4090" } });
    expect(fit).toMatchObject({ capacity: 24_564 * MIB, usable: 24_084 * MIB });
    expect(fit?.headroom).toBe(24_084 * MIB - (memory?.process_peak ?? 0));
  });
});

describe("a card whose kernels are not compared", () => {
  it.each([
    ["MI300X", "ROCm", 192],
    ["AMD Radeon RX 7900 XTX", "ROCm", 24],
    ["Apple M3 Max 64GB", "Metal", 64],
    ["M4 Pro 24 GB", "Metal", 24],
  ])("%s is computed as an A100 of its memory, and says so: %s", (gpu, platform, gb) => {
    const { fit, warnings, interval, memory } = answered({ hardware: { gpu } });
    expect(Math.round((fit?.capacity ?? 0) / 2 ** 30)).toBe(gb);
    expect(warnings.find(({ code }) => code === "partial_program")?.message).toContain(platform);
    const { memory: nvidia, interval: sure } = answered({ hardware: { gpu: "A100 80GB SXM" } });
    expect(memory?.allocated_peak).toBe(nvidia?.allocated_peak);
    const width = ([least = 0, most = 0]: readonly number[] = []): number => most - least;
    expect(width(interval?.allocated)).toBeGreaterThan(width(sure?.allocated));
  });

  it("is nothing of Apple without its memory", () => {
    const result = estimate({ ...RUN, hardware: { gpu: "M3 Max" } });
    expect(result).toMatchObject({ error: { code: "unknown_gpu" } });
  });
});

describe("versions", () => {
  it.each([
    [{ transformers: "5.99.0" }, "5.24.0"],
    [{ transformers: "4.51" }, "4.57.6"],
    [{ peft: "9.9" }, "0.21.0"],
    [{ torch: "2.4.1" }, "2.11.0"],
    [{ torch: "2.15.0" }, "2.14.1"],
    [{ cuda: "12.1" }, "12.6"],
  ])("that are unknown are refused with the nearest: %o", (versions, nearest) => {
    const result = estimate({ ...RUN, versions });
    expect(result).toMatchObject({ error: { code: "invalid_value" } });
    expect(isRefusal(result) ? result.error.message : "").toContain(`the nearest is ${nearest}`);
  });

  it("4.57 builds a mask where none is passed, and keeps one for every layer", () => {
    const run = { stack: "plain-loop", training: { max_length: 1024 } };
    const older = answered({ ...run, versions: { transformers: "4.57.6" } });
    const usual = answered(run);
    const peaks = [older, usual].map((result) => peaksOf(result)?.allocated_peak ?? 0);
    expect(peaks[0]).toBeGreaterThan(1.02 * (peaks[1] ?? 0));
  });

  it("4.57 builds none for a trainer, whose batches bring one", () => {
    const run = { stack: "trl-1.13", training: { max_length: 1024 } };
    const [older, usual] = [
      answered({ ...run, versions: { transformers: "4.57.6" } }),
      answered(run),
    ].map((result) => peaksOf(result)?.allocated_peak ?? 0);
    expect(Math.abs((older ?? 0) / (usual ?? 1) - 1)).toBeLessThan(0.001);
  });

  it("of a stack that no world covers are said, and make every figure less sure", () => {
    const run = { stack: "trl-1.13", training: { max_length: 512 } };
    const near = answered({ ...run, versions: { transformers: "5.24" } });
    const own = answered(run);
    const ofWorld = ({ path }: { readonly path: string }): boolean =>
      path === "stack" || path.startsWith("versions.");
    expect(near.assumed.filter(ofWorld)).toMatchObject([{ path: "stack", value: "trl 1.16.0" }]);
    expect(own.assumed.filter(ofWorld)).toEqual([]);
    const widthOf = ({ interval }: Estimate): number =>
      (interval?.allocated[1] ?? 0) - (interval?.allocated[0] ?? 0);
    expect(widthOf(near)).toBeGreaterThan(3 * widthOf(own));
    expect(new Set(peaksOf(near)?.parts.map(({ certainty }) => certainty))).toEqual(
      new Set(["assumed"]),
    );
  });

  it("the CUDA of the wheel decides the kernel of an H100, and is said", () => {
    const hardware = { gpu: "H100 SXM 80GB" };
    const assumed = answered({ hardware }).assumed.find(({ path }) => path === "versions.cuda");
    expect(assumed?.value).toBe("13.0");
    const older = answered({ hardware, versions: { cuda: "12.6" } });
    expect(older.assumed.some(({ path }) => path === "versions.cuda")).toBe(false);
    expect(older.warnings.some(({ code }) => code === "partial_program")).toBe(false);
  });
});

describe("fields that change memory are used or refused", () => {
  it("pad_to_multiple_of makes batches longer, with padding", () => {
    const odd = answered({ training: { max_length: 500, pad_to_multiple_of: 64 } });
    const full = answered({ training: { max_length: 512, padding: true } });
    expect(odd.memory?.allocated_peak).toBe(full.memory?.allocated_peak);
    expect(odd.ignored).toEqual([]);
  });

  it("router_aux_loss_coef has no program where there are experts", () => {
    const model = "allenai/OLMoE-1B-7B-0924";
    const result = answered({ model, training: { router_aux_loss_coef: 0.001 } });
    expect(peaksOf(result)).toBeUndefined();
    const silent = answered({ model, training: {}, stack: "trl-1.13" });
    expect(silent.assumed).toContainEqual(
      expect.objectContaining({ path: "training.router_aux_loss_coef", value: 0 }),
    );
  });

  it("tells what the loss that balances experts takes, of classes that return their scores", () => {
    const told = (model: string, training = {}): string =>
      answered({ model, training, stack: "trl-1.16" })
        .warnings.map(({ message }) => message)
        .join();
    // 8 × 1,024 tokens, 48 layers of 128 experts, two bytes each.
    expect(told("Qwen/Qwen3-30B-A3B")).toContain("about 96 MiB");
    expect(told("Qwen/Qwen3-30B-A3B", { method: "dpo" })).toContain("about 192 MiB");
    // 24 layers of 32 experts, scored in fp32.
    expect(told("ibm-granite/granite-3.1-1b-a400m-instruct")).toContain("about 24 MiB");
    expect(told("deepseek-ai/DeepSeek-V2-Lite")).not.toContain("balances experts");
    expect(told("meta-llama/Llama-3.1-8B")).not.toContain("balances experts");
  });
});
