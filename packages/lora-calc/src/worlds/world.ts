/** A world: releases of libraries that are installed together, and what differs in them, as data. Nothing else compares versions. */

/** What a release of transformers does one way or another. */
export interface WorldRules {
  /** The experts of a layer are two parameters; else each is a module of its own, under other names. */
  readonly fusesExperts: boolean;
  /** A pair that the configuration ties is tied as the checkpoint stores it; else as the configuration says. */
  readonly tiesAsStored: boolean;
  /** bitsandbytes packs subclasses of nn.Linear, too. */
  readonly packsLinearSubclasses: boolean;
  /** A head that is tied to an embedding with trained tokens may have an adapter of its own. */
  readonly adaptsTiedHeads: boolean;
  /** The angles of rotary embeddings are an elementwise product; else a batched matrix product. */
  readonly multipliesAngles: boolean;
  /** Every attention of GPT-2 keeps a table of what may be attended to. */
  readonly keepsCausalTables: boolean;
  /** Gemma 1 and 2 scale embeddings in their module, by a buffer; else in the decoder. */
  readonly scalesInEmbedding: boolean;
  /** The module of rotary embeddings keeps a copy of its frequencies beside them. */
  readonly clonesFrequencies: boolean;
  /** Position ids are a range plus the number of tokens in the cache. */
  readonly addsPastTokens: boolean;
  /** A batch without an attention mask may be packed, so that a mask is built; else only where positions say that it is. */
  readonly takesForPacked: boolean;
  /** FlashAttention looks in the positions whether sequences are packed only where rows are one and nothing says where they start. */
  readonly looksLateForPacked: boolean;
  /** Attention masks are built by vmap, token by token; else on ranges that are broadcast. */
  readonly vmapsMasks: boolean;
  /** A class that caps its attention scores runs scaled_dot_product_attention, which leaves the cap out; else it refuses it. */
  readonly leavesCapToSdpa: boolean;
  /** TRL's trainers score tokens with a fused head; else by logits. */
  readonly fusesHead: boolean;
  /** Routers that score in fp32 keep their weights in fp32, too (deepseek and its kin). */
  readonly keepsRoutersFp32: boolean;
  /** A bias of attention scores is copied in every layer where it does not lie row by row. */
  readonly copiesBias: boolean;
  /** ALiBi's slopes come from a function of their own, and a batch without padding has its bias without a mask of ones. */
  readonly slopesApart: boolean;
  /** DeBERTa's distances are counted by a script, whose tensors end with their last use; else by functions. */
  readonly scriptsDistances: boolean;
  /** Granite 4's gated norm is over each group of heads; else over all. */
  readonly groupsGatedNorm: boolean;
  /** Models that generate have what the wrapper of PEFT's task SEQ_2_SEQ_LM borrows from them; else it stops. */
  readonly wrapsSeq2Seq: boolean;
  /** A head whose last parameter is a bias stays unpacked, as one without a bias does; else it is packed. */
  readonly sparesBiasedHead: boolean;
  /** The gated delta rule repeats the heads of queries and keys itself. */
  readonly repeatsInDeltaRule: boolean;
  /** GPT-J and CodeGen look their sines up once, and run any attention; else in every layer, with attention of their own. */
  readonly looksSinesUpOnce: boolean;
  /** Gemma 3n's text model leaves out tokens without vectors per layer, and clamps magnitudes; else the model around it does. */
  readonly checksOwnTokens: boolean;
  /** Llama 4's class that sees asks its language model for what pictures gave, which it does not have. */
  readonly asksTextForImages: boolean;
}

/** What was compared with the libraries themselves. */
interface Verified {
  /** model_types whose trees and counts are; the others are refused. */
  readonly modelTypes: "all" | readonly string[];
  /** Of these, the ones that are not where `tie_word_embeddings` is false. */
  readonly onlyTied: readonly string[];
  /** model_types whose step is, of those that have a program; the memory of others is not computed. */
  readonly memory: "all" | readonly string[];
}

/** Libraries whose release a scenario may name. */
export const LIBRARIES = ["peft", "transformers", "torch", "cuda", "bitsandbytes"] as const;
export type Library = (typeof LIBRARIES)[number];

export interface World {
  /** By its transformers. */
  readonly id: string;
  /** Releases that were read and run, the usual first; patch releases count as their minor one. `cuda` is that of the torch wheel. */
  readonly releases: Readonly<Record<Library, readonly [string, ...string[]]>>;
  /** TRL whose trainers were read. */
  readonly trl: string;
  readonly rules: WorldRules;
  readonly verified: Verified;
  /** What the rules were read in. */
  readonly source: string;
}

/** Releases that a stack pins or installs. */
export interface StackReleases {
  /** As people call it, with its version. */
  readonly name: string;
  readonly releases: Readonly<Partial<Record<"peft" | "transformers" | "trl", string>>>;
}

/** `5.18` of `5.18.0`, `5.18.0.dev0` and `5.18`. */
function minorOf(release: string): string | undefined {
  return /^(\d+\.\d+)(?:$|[.+-])/.exec(release)?.[1];
}

/** Of two releases, whether they are of one minor version. Example: isSameMinor("5.18", "5.18.0") // true */
export function isSameMinor(left: string, right: string): boolean {
  return minorOf(left) !== undefined && minorOf(left) === minorOf(right);
}

/** From which minor release on bitsandbytes multiplies by a packed weight without unpacking it, below a number of tokens. */
const FUSED_4BIT = "0.50";

/** Source: bitsandbytes 0.48.2 and 0.50.2 autograd/_functions.py `MatMul4Bit`. */
export function fusesPackedProducts(bitsandbytes: string): boolean {
  return isSameMinor(bitsandbytes, FUSED_4BIT);
}

/** What the attention kernels of a release of torch take. */
export interface AttentionRules {
  /** The memory-efficient kernel takes fewer heads of keys than of queries. */
  readonly efficientTakesGroups: boolean;
  /**
   * cuDNN takes heads of up to 256 on Hopper and on Blackwell for data centers, of which it differentiates those of up to
   * 128 and those of 256; else it takes and differentiates up to 256 on Hopper, and up to 128 elsewhere.
   */
  readonly cudnnAsksForGradient: boolean;
}

/** A build of torch, as pip installs it. */
export interface TorchWheel {
  readonly torch: string;
  readonly cuda: string;
}

/** From which minor release on torch's kernels take them. */
const NEW_ATTENTION = "2.14";

/**
 * Source: the wheels of torch 2.11.0, 2.12.1, 2.13.0 and 2.14.1, mem_eff_attention/kernel_backward.h and, compiled, sdp_utils.cpp
 * `check_cudnn_tensor_shapes`, `check_cudnn_d256_bprop_head_dim`, `can_use_mem_efficient_attention`.
 */
export function attentionRules(torch: string): AttentionRules {
  const isNew = isSameMinor(torch, NEW_ATTENTION);
  return { efficientTakesGroups: isNew, cudnnAsksForGradient: isNew };
}

/** The usual release of a library, short. */
export function shortRelease({ releases }: World, library: Library): string {
  return minorOf(releases[library][0]) ?? releases[library][0];
}

/** Whether the trees and counts of a model are compared in a world. */
export function isVerified(
  { verified: { modelTypes, onlyTied } }: World,
  modelType: string,
  isUntied: boolean,
): boolean {
  if (isUntied && onlyTied.includes(modelType)) return false;
  return modelTypes === "all" || modelTypes.includes(modelType);
}

/** Libraries with their releases, as a source names them: "PEFT 1.2". */
export type LibraryLabels = Readonly<
  Record<"transformers" | "peft" | "trl" | "torch" | "bitsandbytes", string>
>;

export function labelsOf(world: World): LibraryLabels {
  return {
    transformers: `transformers ${shortRelease(world, "transformers")}`,
    peft: `PEFT ${shortRelease(world, "peft")}`,
    trl: `TRL ${minorOf(world.trl) ?? world.trl}`,
    torch: `torch ${shortRelease(world, "torch")}`,
    bitsandbytes: `bitsandbytes ${shortRelease(world, "bitsandbytes")}`,
  };
}
