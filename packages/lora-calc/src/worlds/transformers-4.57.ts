/** The last releases of transformers 4, which many still run. */

import type { World } from "./world.js";

export const TRANSFORMERS_4_57: World = {
  id: "transformers-4.57",
  releases: {
    peft: ["0.21.0"],
    transformers: ["4.57.6"],
    torch: ["2.13.0", "2.14.1", "2.12.1", "2.11.0"],
    cuda: ["13.0", "13.2", "12.6"],
    bitsandbytes: ["0.48.2", "0.50.2"],
  },
  trl: "1.13.0",
  rules: {
    fusesExperts: false,
    tiesAsStored: false,
    packsLinearSubclasses: true,
    adaptsTiedHeads: false,
    multipliesAngles: false,
    keepsCausalTables: true,
    scalesInEmbedding: false,
    clonesFrequencies: false,
    addsPastTokens: false,
    takesForPacked: true,
    looksLateForPacked: false,
    vmapsMasks: true,
    leavesCapToSdpa: true,
    fusesHead: false,
    keepsRoutersFp32: false,
    copiesBias: false,
    slopesApart: false,
    scriptsDistances: true,
    groupsGatedNorm: false,
    wrapsSeq2Seq: true,
    sparesBiasedHead: true,
    repeatsInDeltaRule: false,
    looksSinesUpOnce: false,
    asksTextForImages: false,
    checksOwnTokens: false,
  },
  verified: {
    // Modules and ties are the same as under 5, or the blueprint builds both. The others have other modules (vit, dinov2, swin,
    // t5, llava, gpt_neox), other rules of tying, or came later.
    modelTypes: [
      ...["albert", "arcee", "bart", "bert", "bloom", "camembert"],
      ...["clip", "codegen", "cohere", "cohere2", "deberta-v2", "deepseek_v2"],
      ...["deepseek_v3", "distilbert", "dots1", "electra", "ernie4_5", "ernie4_5_moe"],
      ...["exaone4", "falcon", "falcon_h1", "gemma", "gemma2", "gemma3_text"],
      ...["glm", "glm4", "glm4_moe", "gpt2", "gpt_bigcode", "gpt_neo"],
      ...["gpt_oss", "gptj", "granite", "helium", "lfm2", "llama"],
      ...["m2m_100", "mamba", "mamba2", "mistral"],
      ...["mixtral", "modernbert", "mpt", "nemotron", "olmo", "olmo2"],
      ...["olmo3", "olmoe", "opt", "phi", "phi3", "phimoe"],
      ...["qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "roberta", "seed_oss"],
      ...["smollm3", "stablelm", "starcoder2", "whisper", "xlm-roberta"],
    ],
    // Biases or tables are tied there whatever `tie_word_embeddings` says.
    onlyTied: [
      ...["albert", "bart", "bert", "camembert", "deberta-v2", "m2m_100", "roberta", "xlm-roberta"],
    ],
    memory: [
      ...["arcee", "ernie4_5", "exaone4", "gemma", "gemma2", "gemma3_text", "glm", "glm4"],
      ...["gpt2", "granite", "internlm2", "llama", "mistral", "olmo2", "olmo3", "phi3", "qwen"],
      ...["qwen2", "qwen3", "seed_oss", "smollm3", "starcoder2"],
    ],
  },
  source:
    "the trees of transformers 4.57.6 beside those of 5.18.0, of every small model in conformance/families; integrations/bitsandbytes.py `_replace_with_bnb_linear` (isinstance); masking_utils.py `find_packed_sequence_indices`, `sdpa_mask_recent_torch`; the traced steps of conformance/",
};
