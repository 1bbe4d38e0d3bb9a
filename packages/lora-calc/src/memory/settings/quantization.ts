/** How frozen linear weights are stored, and which of them are. */

import { elementCount } from "../../units/dtype.js";
import type { Dtype } from "../../units/dtype.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { Fields } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { USUAL_WORLD } from "../../worlds/index.js";
import type { World } from "../../worlds/world.js";
import {
  COMPUTE_DTYPES,
  ONLY_QUANTIZATION_FIELDS,
  QUANTIZATION_FIELDS,
  UNPACKING_FIELDS,
} from "../../fields/quantization.js";
import { readFields, rejectUncomputed } from "../../fields/read.js";

/** bitsandbytes storage schemes. */
export type Quantization =
  | ({
      readonly kind: "4bit";
      readonly type: "nf4" | "fp4";
      readonly doubleQuant: boolean;
      /** dtype that inputs, bias and product of a quantized layer have. */
      readonly computeDtype: ComputeDtype;
      /** The scenario does not say it. */
      readonly isComputeDtypeAssumed: boolean;
    } & Selection)
  | ({ readonly kind: "8bit" } & Selection);

/** Which linear layers are packed. */
interface Selection {
  /** `llm_int8_skip_modules`: names that stay as they are, in place of those that transformers would leave out. */
  readonly skips?: readonly string[];
  /** Subclasses of nn.Linear are packed, too. */
  readonly packsSubclasses?: boolean;
  /** The module of the last parameter stays as it is where that is a bias, too. */
  readonly sparesBiasedHead?: boolean;
}

export type ComputeDtype = (typeof COMPUTE_DTYPES)[number];

const NAMES = Object.keys({
  ...QUANTIZATION_FIELDS,
  ...ONLY_QUANTIZATION_FIELDS,
  ...UNPACKING_FIELDS,
});

interface QuantizationSource {
  /** Where the fields stand. */
  readonly path?: string;
  /** Stands in for a compute dtype. */
  readonly usual?: ComputeDtype;
  /** Releases that pack. */
  readonly world?: World;
}

/** Reads the fields of BitsAndBytesConfig; undefined when nothing is quantized. */
export function readQuantization(
  given: JsonObject | null | undefined,
  { path = "quantization", usual = "bfloat16", world = USUAL_WORLD }: QuantizationSource = {},
): Quantization | undefined {
  if (given === null || given === undefined) return undefined;
  const fields = new Fields(given, path);
  rejectOtherMethod(fields);
  fields.rejectUnknown(NAMES);
  rejectUncomputed(fields, ONLY_QUANTIZATION_FIELDS);
  rejectUnpacking(fields);
  const read = readFields(fields, QUANTIZATION_FIELDS);
  const fourBit = read.load_in_4bit ?? false;
  const eightBit = read.load_in_8bit ?? false;
  if (fourBit && eightBit) {
    reject({
      code: "invalid_value",
      path,
      message: "load_in_4bit and load_in_8bit cannot both be true; keep one",
      received: given,
    });
  }
  if (!eightBit && !fourBit) return undefined;
  const skips = readSkips(fields);
  const selection: Selection = {
    ...(skips === undefined ? {} : { skips }),
    ...(world.rules.packsLinearSubclasses ? { packsSubclasses: true } : {}),
    ...(world.rules.sparesBiasedHead ? { sparesBiasedHead: true } : {}),
  };
  if (eightBit) return { kind: "8bit", ...selection };
  return {
    ...selection,
    kind: "4bit",
    type: read.bnb_4bit_quant_type ?? "fp4",
    doubleQuant: read.bnb_4bit_use_double_quant ?? false,
    computeDtype: computeDtypeOf(read.bnb_4bit_compute_dtype) ?? usual,
    isComputeDtypeAssumed: read.bnb_4bit_compute_dtype === undefined,
  };
}

/** Methods of transformers that pack otherwise. Source: transformers utils/quantization_config.py `QuantizationMethod`. */
const OTHER_METHODS: readonly string[] = [
  ...["gptq", "awq", "aqlm", "vptq", "quanto", "eetq", "higgs", "hqq", "compressed-tensors"],
  ...["fbgemm_fp8", "torchao", "bitnet", "spqr", "fp8", "quark", "fouroversix", "fp_quant"],
  ...["auto-round", "mxfp4", "metal", "sinq", "autoround", "quip", "exl2"],
];

function rejectOtherMethod(fields: Fields): void {
  const method = fields.string("quant_method");
  if (method === undefined || !OTHER_METHODS.includes(method)) return;
  reject({
    code: "unsupported",
    path: fields.at("quant_method"),
    message: `${fields.at("quant_method")} ${method} has no program here yet; bitsandbytes (load_in_4bit, load_in_8bit) has`,
    received: method,
    expected: "bitsandbytes",
  });
}

function rejectUnpacking(fields: Fields): void {
  if (fields.boolean("dequantize") !== true) return;
  reject({
    code: "invalid_value",
    path: fields.at("dequantize"),
    message: `${fields.at("dequantize")} unpacks a checkpoint that is stored packed, which this one is not; leave it out`,
    received: true,
    expected: false,
  });
}

/** Names of whole modules; those of single layers would make equal layers unequal, which is not computed. */
function readSkips(fields: Fields): readonly string[] | undefined {
  const skips = fields.stringList("llm_int8_skip_modules");
  const odd = skips?.find((name) => !/^[\w.]+$/.test(name) || /(?:^|\.)\d+(?:\.|$)/.test(name));
  if (skips === undefined || (odd === undefined && skips.length > 0)) return skips;
  reject({
    code: "unsupported",
    path: fields.at("llm_int8_skip_modules"),
    message:
      odd === undefined
        ? "an empty llm_int8_skip_modules packs the output embedding, too, which has no program here; leave it out"
        : `llm_int8_skip_modules names ${odd}: leaving out single layers, or by a pattern, is not computed yet; names of modules are`,
    received: skips,
  });
}

/** "bfloat16", or "torch.bfloat16" as it is written in Python. */
function computeDtypeOf(text: string | undefined): ComputeDtype | undefined {
  return COMPUTE_DTYPES.find((dtype) => dtype === text?.replace(/^torch\./, ""));
}

/** One tensor of a stored weight. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

const BLOCK_SIZE = 64;
const NESTED_BLOCK_SIZE = 256;
const CODE_SIZE_4BIT = 16;
const CODE_SIZE_8BIT = 256;

/**
 * Tensors of one 4-bit weight of `elements` scalars, in the order bitsandbytes registers them.
 *
 *     packed ceil(n/2) + code 16·4 + absmax ceil(n/64) (·4 without double quantization)
 *     + with double quantization: nested absmax 4·ceil(n/64/256) + nested code 256·4 + offset 4
 *
 * Unit: bytes. 0.5159 bytes per parameter with double quantization, 0.5625 without.
 * Certainty: read. Source: bitsandbytes functional.py `quantize_4bit`; arXiv:2305.14314 section 3.
 */
export function stored4bit(elements: number, doubleQuant: boolean): readonly StoredTensor[] {
  const blocks = Math.ceil(elements / BLOCK_SIZE);
  const packed: StoredTensor = {
    name: "weight",
    shape: [Math.ceil(elements / 2), 1],
    dtype: "uint8",
  };
  const code: StoredTensor = { name: "code", shape: [CODE_SIZE_4BIT], dtype: "float32" };
  if (!doubleQuant) return [packed, code, { name: "absmax", shape: [blocks], dtype: "float32" }];
  return [
    packed,
    code,
    { name: "absmax", shape: [blocks], dtype: "uint8" },
    { name: "nested_absmax", shape: [Math.ceil(blocks / NESTED_BLOCK_SIZE)], dtype: "float32" },
    { name: "nested_code", shape: [CODE_SIZE_8BIT], dtype: "float32" },
    { name: "offset", shape: [], dtype: "float32" },
  ];
}

/**
 * Tensors of one LLM.int8 weight: one byte per parameter and one fp32 maximum per output row.
 *
 * Certainty: read. Source: bitsandbytes nn/modules.py `Linear8bitLt` (`SCB`).
 */
export function stored8bit(outFeatures: number, inFeatures: number): readonly StoredTensor[] {
  return [
    { name: "weight", shape: [outFeatures, inFeatures], dtype: "int8" },
    { name: "SCB", shape: [outFeatures], dtype: "float32" },
  ];
}

/** Tensors that replace the weight of a quantized linear module. */
export function storedWeight(
  node: ModuleNode,
  quantization: Quantization,
): readonly StoredTensor[] {
  const weight = node.parameters.find(({ name }) => name === "weight");
  const shape = weight?.shape ?? [];
  if (quantization.kind === "4bit")
    return stored4bit(elementCount(shape), quantization.doubleQuant);
  const layer = node.layer;
  if (layer?.kind !== "linear" && layer?.kind !== "hf_conv1d") return [];
  return stored8bit(layer.outFeatures, layer.inFeatures);
}

/** Whether PyTorch takes the module for an nn.Linear, though its class is another: Falcon's layers, some routers. */
export function isLinearSubclass({ type, layer }: ModuleNode): boolean {
  return layer?.kind === "linear" && type !== "Linear";
}

/**
 * Whether transformers replaces a module by its quantized twin: exactly `nn.Linear` or `Conv1D` (in some worlds their
 * subclasses, too), and none of the skipped: by default the output embedding, tied weights, the module of the last parameter;
 * nor what the class keeps in full precision (T5's `wo`).
 *
 * Source: transformers quantizers/base.py `get_modules_to_not_convert`, quantizers_utils.py `should_convert_module`,
 * integrations/bitsandbytes.py `replace_with_bnb_linear`; transformers@4.57.6 `_replace_with_bnb_linear` (isinstance),
 * `get_keys_to_not_convert`, which takes ".bias" off the name of the last parameter, too.
 */
export function quantizedModules(
  graph: ModuleGraph,
  { skips, packsSubclasses = false, sparesBiasedHead = false }: Selection = {},
): (node: ModuleNode, path: string) => boolean {
  const kept = [
    ...(skips ?? unconvertedNames(graph, sparesBiasedHead)),
    ...(graph.neverQuantized ?? []),
  ];
  return (node, path) =>
    (node.type === "Linear" ||
      node.type === "Conv1D" ||
      (packsSubclasses && isLinearSubclass(node))) &&
    !kept.some((name) => path.startsWith(name) || path.endsWith(name));
}

function unconvertedNames(graph: ModuleGraph, sparesBiasedHead: boolean): readonly string[] {
  const names = graph.tied.flat().map((name) => name.replace(/\.weight$/, ""));
  if (graph.outputEmbedding !== undefined) names.push(graph.outputEmbedding);
  const last = sitesOf(graph).findLast(({ node }) =>
    node.parameters.some(({ tiedTo }) => tiedTo === undefined),
  );
  const lastName = last?.node.parameters.findLast(({ tiedTo }) => tiedTo === undefined)?.name;
  const isSpared = lastName === "weight" || (sparesBiasedHead && lastName === "bias");
  if (last !== undefined && isSpared) names.push(last.path);
  return names;
}
