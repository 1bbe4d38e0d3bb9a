/** What each rule of a world says in words: what a release does where it holds, and where it does not. */

import type { WorldRules } from "./world.js";

type RuleText = readonly [whereItHolds: string, elsewhere: string];

const RULE_TEXTS: Readonly<Record<keyof WorldRules, RuleText>> = {
  fusesExperts: [
    "the experts of a layer are two parameters",
    "every expert is a module of its own",
  ],
  tiesAsStored: [
    "a pair of tied weights is tied as the checkpoint stores it",
    "a pair of weights is tied as the configuration says",
  ],
  packsLinearSubclasses: [
    "bitsandbytes packs subclasses of nn.Linear, too",
    "bitsandbytes packs nn.Linear alone",
  ],
  adaptsTiedHeads: [
    "a head that is tied to an embedding with trained tokens may have an adapter",
    "a head that is tied to an embedding with trained tokens may have no adapter",
  ],
  multipliesAngles: [
    "the angles of rotary embeddings are an elementwise product",
    "the angles of rotary embeddings are a batched matrix product",
  ],
  keepsCausalTables: [
    "every attention of GPT-2 keeps a table of what may be attended to",
    "GPT-2 keeps no table of what may be attended to",
  ],
  scalesInEmbedding: [
    "Gemma 1 and 2 scale embeddings by a buffer of their module",
    "Gemma 1 and 2 scale embeddings in the decoder",
  ],
  clonesFrequencies: [
    "rotary embeddings keep their frequencies twice",
    "rotary embeddings keep their frequencies once",
  ],
  looksLateForPacked: [
    "FlashAttention looks for packed sequences in the positions of single rows that say no starts",
    "FlashAttention looks for packed sequences in the positions of every batch",
  ],
  addsPastTokens: [
    "position ids are a range plus the tokens in the cache",
    "position ids are a range",
  ],
  takesForPacked: [
    "a batch without an attention mask may be packed: a mask is built, keys and values are expanded, and sdpa leaves flash attention",
    "a batch without an attention mask runs without one",
  ],
  vmapsMasks: [
    "attention masks are built token by token (vmap)",
    "attention masks are built on broadcast ranges",
  ],
  leavesCapToSdpa: [
    "a class that caps its attention scores runs sdpa, which leaves the cap out",
    "a class that caps its attention scores (Gemma 2) refuses sdpa and runs eager",
  ],
  fusesHead: [
    "TRL's trainers score tokens with a fused head and build no logits",
    "TRL's trainers build logits",
  ],
  keepsRoutersFp32: [
    "routers of DeepSeek's kind keep their weights in float32",
    "routers of DeepSeek's kind have the dtype of the model",
  ],
  copiesBias: [
    "every layer copies the bias of T5's scores to lie row by row",
    "the bias of T5's scores is used as it lies",
  ],
  slopesApart: [
    "BLOOM's bias is made without a mask of ones",
    "BLOOM's bias is made over a mask of ones",
  ],
  scriptsDistances: [
    "DeBERTa's distances are counted by a script",
    "DeBERTa's distances are counted by functions, whose tensors live longer",
  ],
  groupsGatedNorm: [
    "Granite 4's gated norm is over each group of heads",
    "Granite 4's gated norm is over all heads",
  ],
  wrapsSeq2Seq: [
    "PEFT's task SEQ_2_SEQ_LM works",
    "PEFT's task SEQ_2_SEQ_LM stops, for it borrows from transformers what is no longer there",
  ],
  sparesBiasedHead: [
    "a head with a bias stays unpacked on a quantized base",
    "a head with a bias is packed on a quantized base, where PEFT cannot copy it",
  ],
  looksSinesUpOnce: [
    "GPT-J and CodeGen look their sines up once, and run sdpa",
    "GPT-J and CodeGen look their sines up in every layer, and have attention of their own",
  ],
  checksOwnTokens: [
    "Gemma 3n's text model looks vectors per layer up for tokens that have them, and clamps magnitudes",
    "the model around Gemma 3n's text model chooses the tokens that have vectors per layer, and magnitudes are compared with a tensor",
  ],
  asksTextForImages: [
    "Llama4ForConditionalGeneration stops, for its language model has no image_outputs",
    "Llama4ForConditionalGeneration runs",
  ],
  repeatsInDeltaRule: [
    "the gated delta rule repeats heads of queries and keys itself",
    "heads of queries and keys are repeated before the gated delta rule",
  ],
};

/** Rules of modules that few models have, by the kind of their forward: the others need not read of them. */
export const RULES_OF_KINDS: ReadonlyMap<string, readonly (keyof WorldRules)[]> = new Map([
  ["grouped_router", ["keepsRoutersFp32"]],
  ["shares_router", ["keepsRoutersFp32"]],
  ["gated_delta_net", ["repeatsInDeltaRule"]],
  ["biased_attention", ["copiesBias"]],
  ["alibi_attention", ["slopesApart"]],
  ["relative_layers", ["scriptsDistances"]],
  ["mamba2", ["groupsGatedNorm"]],
  ["alternating_layer", ["checksOwnTokens"]],
  ["all_experts_mlp", ["asksTextForImages"]],
  ["sinusoidal_attention", ["looksSinesUpOnce"]],
  ["token_classifier", ["sparesBiasedHead"]],
  ["answer_finder", ["sparesBiasedHead"]],
  ["sequence_classifier", ["sparesBiasedHead"]],
]);

const RULES = Object.keys(RULE_TEXTS) as readonly (keyof WorldRules)[];

/** What is different in the second of two worlds, in words. */
export function differingRules(
  from: WorldRules,
  to: WorldRules,
): readonly { readonly rule: keyof WorldRules; readonly text: string }[] {
  return RULES.filter((rule) => from[rule] !== to[rule]).map((rule) => ({
    rule,
    text: RULE_TEXTS[rule][to[rule] ? 0 : 1],
  }));
}
