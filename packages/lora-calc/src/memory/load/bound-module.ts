/** A module of the graph together with its symbolic tensors and the kernels that run it: what the programs run on. */

import type { LoraSettings } from "../../adapter/plan/plan.js";
import type { AttentionCard } from "../../catalogue/cuda.js";
import type { Packed4bit } from "../../catalogue/fused-4bit.js";
import type { AttendingHeads, MlpForward, RotaryVariant } from "../../graph/tree/forward.js";
import type { ModuleNode } from "../../graph/tree/module-graph.js";
import type { Dtype } from "../../units/dtype.js";
import type { Frame } from "../machine/frame.js";
import type { Loop } from "../machine/loop.js";
import type { Machine } from "../machine/machine.js";
import type { SharedTensors } from "../machine/shared-tensors.js";
import type { Tensor } from "../machine/tensor.js";
import type { Quantization } from "../settings/quantization.js";

/** Adapter matrices of one module. For a linear: A is (r, in_features), B is (out_features, r). */
export interface BoundLora {
  readonly settings: LoraSettings;
  readonly a: Tensor;
  readonly b: Tensor;
  /** Bias of B (`lora_bias`). */
  readonly bias?: Tensor;
  /** DoRA's magnitude, one per output feature. */
  readonly magnitude?: Tensor;
}

/** Trained rows that replace those of the table (`trainable_token_indices`). A tied head has those of its embedding. */
export interface BoundTokens {
  /** (tokens, dim). */
  readonly delta: Tensor;
  /** What they stand for, of the same shape. */
  readonly replaced: Tensor;
}

/** A linear module with the adapter on it. */
export interface AdaptedLinear {
  readonly module: BoundModule;
  readonly lora: BoundLora;
}

/** Sequences in one row, (1, s). */
export interface PackedRow {
  readonly positions: Tensor;
  readonly sequences: number;
  /** Where each starts, and where the last ends, for queries and for keys; undefined where the model looks in the positions. */
  readonly starts?: readonly [queries: Tensor, keys: Tensor];
  /** Of which sequence every token is. */
  readonly indices?: Tensor;
}

/** What all layers of one kind share. */
export interface AttentionContext {
  readonly implementation: "sdpa" | "eager" | "flash";
  /** Where the one row of a batch is packed of sequences. */
  readonly packed?: PackedRow;
  /** What of the card decides the kernel of sdpa. */
  readonly card: AttentionCard;
  /** (1, s); towers have none. */
  readonly positions?: Tensor;
  /** cos and sin of this layer's kind. */
  readonly tables?: readonly [Tensor, Tensor];
  /** Attention mask of this layer's kind, when one had to be built. */
  readonly mask?: Tensor;
  /** Which tokens are no padding, (b, s), where there is padding: layers without attention have to leave it out themselves. */
  readonly padding?: Tensor;
  /** A bias per head and position: (b · heads, 1, s). */
  readonly alibi?: Tensor;
  /** A bias of the scores is made to lie row by row. */
  readonly copiesBias?: boolean;
  /** FlashAttention looks in the positions only where nothing else says whether sequences are packed. */
  readonly looksLate?: boolean;
  /** Keys and values that layers leave for later ones. */
  readonly shared?: SharedTensors;
  /** What attention to another sequence reads: (b, t, hidden_size). */
  readonly memory?: Tensor;
  /** Tokens that an earlier layer chose for each token, (b, s, chosen). */
  readonly choice?: Tensor;
  /** Distances (1, s, s) in int64, and the rows of each (rows, hidden_size). */
  readonly distances?: { readonly places: Tensor; readonly table: Tensor };
  /** Vectors of every token for every layer: (b, s, layers, width). */
  readonly perLayer?: Tensor;
}

export interface QueryKeyValue {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  /** Of the layer's input, where a kernel asks for it. */
  readonly inputDtype?: Dtype;
  /** (heads,) */
  readonly sinks?: Tensor;
  /** (1, 1, positions, positions): which position may attend to which. */
  readonly table?: Tensor;
  /** (1, heads, queries, keys): added to the scores. */
  readonly bias?: Tensor;
}

/** Queries and keys (b, s, heads, key dim), perhaps of fewer heads, values (b, s, heads, value dim), decay and beta (b, s, heads). */
export interface DeltaStates {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly decay: Tensor;
  readonly beta: Tensor;
}

/** Of a state space: hidden (b, s, heads, d), step (b, s, heads), input and output (b, s, groups, state), the others (heads,). */
export interface ScanStates {
  readonly hidden: Tensor;
  readonly step: Tensor;
  readonly rate: Tensor;
  readonly input: Tensor;
  readonly output: Tensor;
  readonly direct: Tensor;
  readonly stepBias: Tensor;
  /** Positions of a chunk. */
  readonly chunk: number;
}

/**
 * Of a state space per channel: hidden and gate (b, width, s), step (b, width, s), its bias (width,), rate (width, state),
 * input and output (b, state, s), direct (width,).
 */
export interface SelectiveStates {
  readonly hidden: Tensor;
  readonly step: Tensor;
  readonly rate: Tensor;
  readonly input: Tensor;
  readonly output: Tensor;
  readonly direct: Tensor;
  readonly gate: Tensor;
  readonly stepBias: Tensor;
}

/** An MLP whose gate is one product with the other, in two projections or cut from one. */
export type GatedMlpForward = Extract<MlpForward, { kind: "gated_mlp" | "fused_gated_mlp" }>;

/** What a token may attend to: what came before it, inside a window where there is one, and beside that. */
export interface MaskPattern {
  readonly rows: number;
  readonly length: number;
  /** Where tokens of another sequence ask: how many. Default: length. */
  readonly queries?: number;
  readonly window: number | undefined;
  /** Tokens of a chunk, in place of a window. */
  readonly chunk?: number;
  /** Whether it may attend to what comes after it, too. */
  readonly isBidirectional?: boolean;
  /** A causal table that is opened again, pair by pair: to all, or inside the window. */
  readonly isOpened?: boolean;
  /** Tokens that are no padding, or those of the same packed sequence. */
  readonly beside: "padding" | "packing" | undefined;
}

/**
 * How the parts of a model are computed: a library that patches modules replaces some of these. Every module has its own
 * set, as a patch binds a forward to an instance; none of them knows another.
 */
export interface Kernels {
  /** Root mean square norm over the last dimension. */
  readonly rmsNorm: (m: Machine, module: BoundModule, hidden: Tensor) => Tensor;
  readonly masks: {
    /** A batch without an attention mask may be packed, and gets one. */
    readonly takesForPacked: boolean;
    readonly table: (m: Machine, pattern: MaskPattern) => Tensor;
  };
  /** Position ids (1, s). */
  readonly positionIds: (m: Machine, length: number) => Tensor;
  /** ALiBi's bias of a batch without padding needs no mask, and its slopes leave nothing behind. */
  readonly slopesApart: boolean;
  /** Distances between tokens are counted by a script, whose tensors end with their last use. */
  readonly scriptsDistances: boolean;
  /** Angles of every position: what of them stays to the end of the call. */
  readonly rotaryAngles: (m: Machine, frame: Frame, positions: Tensor, frequencies: number) => void;
  /** Queries and keys (b, heads, s, d) turned by their positions. */
  readonly rotary: (
    m: Machine,
    variant: RotaryVariant,
    states: readonly [query: Tensor, key: Tensor],
    tables: readonly [cos: Tensor, sin: Tensor],
  ) => readonly [Tensor, Tensor, ...Tensor[]];
  /** Two states (b, s, heads, d) that are turned together, halves or neighbours, before their heads are moved to the front. */
  readonly rotaryUnmovedBoth: (
    m: Machine,
    variant: "full" | "pairs_apart",
    states: readonly [Tensor, Tensor],
    tables: readonly [cos: Tensor, sin: Tensor],
  ) => readonly [Tensor, Tensor];
  /** The same by one table of complex numbers. */
  readonly rotaryUnmovedComplex: (
    m: Machine,
    states: readonly [Tensor, Tensor],
    table: Tensor,
  ) => readonly [Tensor, Tensor];
  /** States (b, s, heads, d) that are turned for themselves, before their heads are moved to the front. */
  readonly rotaryUnmoved: (
    m: Machine,
    states: Tensor,
    tables: readonly [cos: Tensor, sin: Tensor],
  ) => Tensor;
  /** (b, s, hidden_size) → (b, s, hidden_size). */
  readonly gatedMlp: (m: Machine, call: GatedMlpCall, x: Tensor) => Tensor;
  /** (…, in_features) → (…, out_features), with the base computed by `runBase`. */
  readonly adaptedLinear: (
    m: Machine,
    adapted: AdaptedLinear,
    input: Tensor,
    runBase: RunBase,
  ) => Tensor;
  /** Projections of one input at once, before any is cut; undefined where each goes by itself. All or none of a model's stacks have it. */
  readonly projectTogether?: (
    m: Machine,
    modules: readonly BoundModule[],
    x: Tensor,
  ) => readonly Tensor[] | undefined;
  /** The projection behind attention; undefined where it goes as others do. */
  readonly projectAlone?: (m: Machine, module: BoundModule, x: Tensor) => Tensor | undefined;
  /** Whether a product runs on the packed weight; undefined where bitsandbytes always unpacks it. */
  readonly fuses4bit: ((product: PackedProduct) => boolean) | undefined;
  /** (tokens, in) · (experts, in, out), each row with the matrix of its expert. */
  readonly expertProduct: (m: Machine, rows: Tensor, weight: Tensor, offsets: Tensor) => Tensor;
  /** (b, s, heads, value dim). */
  readonly gatedDeltaRule: {
    /** Fewer heads of queries and keys are repeated in there. */
    readonly repeatsHeads: boolean;
    readonly run: (m: Machine, states: DeltaStates) => Tensor;
  };
  /** (b, width, s). */
  readonly mambaScan: (m: Machine, states: SelectiveStates) => Tensor;
  readonly mamba2: {
    /** The gated norm is over each group of heads. */
    readonly groupsNorm: boolean;
    /** (b, s, heads, d). */
    readonly scan: (m: Machine, states: ScanStates) => Tensor;
  };
  /** Output (b, s, heads, d), and the scores (b, heads, s, s) when they are handed out. */
  readonly attention: (
    m: Machine,
    forward: AttendingHeads,
    states: QueryKeyValue,
    context: AttentionContext,
  ) => readonly [Tensor] | readonly [Tensor, Tensor];
}

/** A product with a 4-bit weight. */
type PackedProduct = Omit<Packed4bit, "sm" | "multiprocessors">;

export interface GatedMlpCall {
  readonly module: BoundModule;
  readonly forward: GatedMlpForward;
}

/** The frozen layer itself. */
export type RunBase = (m: Machine, module: BoundModule, input: Tensor) => Tensor;

export interface BoundModule {
  /** Path in the base model, with the real layer index. */
  readonly path: string;
  readonly node: ModuleNode;
  readonly parameters: Map<string, Tensor>;
  readonly buffers: Map<string, Tensor>;
  /** Storage scheme of the weight, when it is quantized. */
  readonly quantization?: Quantization;
  /** dtype the base model was loaded in; 4-bit weights de-quantize to it. */
  readonly dtype: Dtype;
  /** Set when the adapters are added. */
  lora?: BoundLora;
  /** Adapters of single parameters, the outermost wrapper first. */
  parameterLoras?: readonly { readonly parameter: string; readonly lora: BoundLora }[];
  /** Trained copy of the module that runs instead of it (`modules_to_save`). */
  copy?: BoundModule;
  tokens?: BoundTokens;
  readonly kernels: Kernels;
  readonly children: Map<string, BoundModule>;
  /** Elements of a ModuleList, in order: those of a loop that are run. */
  readonly elements: BoundModule[];
  /** The loop that a forward runs over the elements. */
  readonly loop?: Loop;
}

/** Child by name; a missing one is a mistake in a blueprint's `forward`. */
export function childOf(module: BoundModule, name: string): BoundModule {
  const child = module.children.get(name);
  if (child === undefined) throw new Error(`${module.path} has no child ${name}`);
  return child;
}

/** Parameter by name; a missing one is a mistake in a program. */
export function parameterOf(module: BoundModule, name: string): Tensor {
  const parameter = module.parameters.get(name);
  if (parameter === undefined) throw new Error(`${module.path} has no parameter ${name}`);
  return parameter;
}
