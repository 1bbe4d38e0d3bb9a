/** Every shape of the catalogue on three generations of cards, for what its model is usually fine-tuned for. */

import { expect, it } from "vitest";
import { estimate, listModels, withUsualTargets, withUsualTask } from "../../src/index.js";
import type { Estimate } from "../../src/index.js";

const CARDS = ["T4", "RTX 4090", "H100-80GB"] as const;

/** Checkpoints of one shape are one question. */
const shapes = [
  ...new Map(listModels().map((model) => [JSON.stringify(model.config), model])).values(),
];

/** Shapes whose whole step is not computed, each with what stands in its way. */
const BOUNDED: readonly string[] = [
  // Images and sound go in.
  ...["clip-vit-base", "clip-vit-large", "whisper-tiny", "whisper-small", "whisper-medium"],
  ...["whisper-large-v3", "whisper-v3-turbo"],
  // Classes of their repositories: two need xformers or make their bias on the host, the others have kernels made as they run.
  ...["baichuan-7b", "baichuan2-7b", "baichuan2-13b", "chatglm-6b", "chatglm3-6b"],
  "glm-4-9b-own-code",
  // Stops in transformers 5.24, and under TRL's loss.
  ...["llama-4-scout", "llama-4-maverick"],
  // Streams and compressed tokens.
  "deepseek-v4-flash",
];

function answered(id: string, gpu: string): Estimate {
  const scenario = {
    ...{ model: id, adapter: { r: 16, target_modules: "all-linear" as const } },
    ...{ hardware: { gpu }, training: { per_device_train_batch_size: 2, max_length: 512 } },
  };
  const result = estimate(withUsualTargets(withUsualTask(scenario)));
  if ("error" in result) throw new Error(`${id} on ${gpu}: ${result.error.message}`);
  return result;
}

/** Each shape on one card in turn, or with LORA_CALC_ALL on each of them. */
const questions = shapes.flatMap(({ id }, index) =>
  process.env["LORA_CALC_ALL"] === undefined
    ? [[id, CARDS[index % CARDS.length] ?? CARDS[0]] as const]
    : CARDS.map((gpu) => [id, gpu] as const),
);

it("answers for every shape", () => {
  const bounded = questions.flatMap(([id, gpu]) => {
    const { memory } = answered(id, gpu);
    expect(memory, id).toBeDefined();
    return memory !== undefined && "at_least" in memory ? [id] : [];
  });
  expect([...new Set(bounded)].sort()).toEqual([...BOUNDED].sort());
});
