/**
 * Positions that published models are configured with (max_position_embeddings): rows of the tables that a trainer makes for them. Sizes
 * of the catalogue leave them out, for neither counts nor PyTorch's own forwards hang on them.
 *
 * Sources: Lightning-AI/litgpt@2685705 litgpt/config.py (`block_size`), the repositories' config.json where it cuts them (Mistral,
 * Gemma). Of a family the least; above 32,768 they are all one here.
 */

const POSITIONS: readonly (readonly [prefix: string, positions: number])[] = [
  ["chinese-llama-2", 4096],
  ["codellama", 16_384],
  ["deepseek-coder", 16_384],
  ["deepseek-llm", 4096],
  ["falcon3-1b", 4096],
  ["falcon3", 32_768],
  ["gemma-", 8192],
  ["llama-1-", 2048],
  ["llama-2-", 4096],
  ["llama-3-", 8192],
  ["llama-3.", 131_072],
  ["mistral-nemo", 131_072],
  ["mistral-large", 131_072],
  ["mistral-", 32_768],
  ["ministral-", 32_768],
  ["hermes-2-pro", 32_768],
  ["open-llama", 2048],
  ["opencoder", 8192],
  ["openhermes", 32_768],
  ["phi-3.5-mini", 131_072],
  ["phi-3-", 4096],
  ["phi-4", 16_384],
  ["qwen2-7b", 131_072],
  ["r1-distill", 131_072],
  ["salamandra", 8192],
  ["sheared-llama", 4096],
  ["smollm2", 8192],
  ["solar", 4096],
  ["tinyllama", 2048],
  ["tulu-3", 131_072],
  ["yi-1.5", 4096],
];

/** By the id of a catalogue row; undefined where its class says them. Example: positionsOf("llama-3-8b") // 8192 */
export function positionsOf(id: string): number | undefined {
  return POSITIONS.find(([prefix]) => id.startsWith(prefix))?.[1];
}

/** Models that scale positions beyond those they were first trained on (LongRoPE): those. */
const FIRST_POSITIONS: ReadonlyMap<string, number> = new Map([["phi-3.5-mini", 4096]]);

/** Example: firstPositionsOf("phi-3.5-mini") // 4096 */
export function firstPositionsOf(id: string): number | undefined {
  return FIRST_POSITIONS.get(id);
}
