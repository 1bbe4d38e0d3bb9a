/** What a run under LitGPT is computed from, beside the settings that every run has: its own model and its own LoRA layers. */

/** Fields of litgpt/config.py `Config`, as far as memory looks at them. */
export interface LitgptUse {
  readonly layers: number;
  /** `n_embd`. */
  readonly hidden: number;
  readonly heads: number;
  /** `n_query_groups`: heads of keys, and of values. */
  readonly groups: number;
  readonly headSize: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Positions that the tables of the untrained model have: `block_size`. */
  readonly blockSize: number;
  /** `attn_bias`: of queries, keys and values. */
  readonly hasAttentionBias: boolean;
  /** Norms of single heads of queries and keys. */
  readonly normsHeads: boolean;
  /** Norms by 1 + weight, embeddings scaled, gelu in the MLP. */
  readonly isGemma: boolean;
  readonly lora: LitgptLora;
}

/** `lora_r`, `lora_dropout`, and which of its switches are on. */
export interface LitgptLora {
  readonly rank: number;
  readonly dropout: number;
  readonly query: boolean;
  readonly key: boolean;
  readonly value: boolean;
  readonly projection: boolean;
  readonly mlp: boolean;
  readonly head: boolean;
}
