/**
 * A module tree from the names and shapes of a safetensors header: for models without a blueprint. Every 2-D weight is
 * taken as Linear, unless its name says embedding; what else a class holds cannot be seen in a file of tensors.
 */

import type { TensorHeader } from "../../model/description.js";
import { reject } from "../../problem/problem.js";
import type { JsonObject } from "../../problem/fields.js";
import type { Child, ModuleGraph, ModuleNode, Parameter } from "./module-graph.js";
import { container, embedding, hfConv1d, linear } from "./vocabulary.js";

type Tensors = Readonly<Record<string, TensorHeader>>;

/** Deeper than any published model, which have 10 to 12 parts. */
const MAX_DEPTH = 64;

/** Parameters have these dtypes; whole numbers in a file are packed weights. */
export const FLOATS: readonly string[] = ["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"];

/** Whole numbers that are positions and counters, not weights. */
const BUFFER_DTYPES: readonly string[] = ["I64", "BOOL"];

/** Tensors that some classes save and that no optimizer sees; scales of stored 8-bit floats. */
const BUFFERS =
  /(?:^|\.)(?:inv_freq|position_ids|masked_bias|running_mean|running_var|num_batches_tracked|weight_scale(?:_inv)?|input_scale)$/;

const EMBEDDING = /embed|^wte$|^wpe$|^shared$|^relative_attention_bias$/;
/** Names of the word embedding, most usual first. */
const WORDS = ["embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "shared"];
const HEADS = ["lm_head", "embed_out", "output_layer", "output"];

/** A module being put together: parameters, and modules by name in the order of their first tensor. */
interface Draft {
  readonly parameters: Map<string, readonly number[]>;
  readonly children: Map<string, Draft>;
}

export function graphFromHeader(tensors: Tensors, config: JsonObject | undefined): ModuleGraph {
  const root = draft();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (isParameter(name, tensor)) place(root, name, tensor.shape);
  }
  if (root.children.size === 0 && root.parameters.size === 0) {
    reject({
      code: "missing_field",
      path: "model.safetensors",
      message:
        "model.safetensors names no parameters; give the whole header, of all files of the model",
      expected: "{ name: { dtype, shape } }",
    });
  }
  const architectures = config?.["architectures"];
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const className = typeof first === "string" ? first : "the model of this header";
  const modelType = config?.["model_type"];
  const linears = pathsOf(root, "");
  const input = WORDS.flatMap((word) => linears.filter((path) => lastOf(path) === word))[0];
  const output = HEADS.flatMap((head) => linears.filter((path) => lastOf(path) === head))[0];
  return {
    modelType: typeof modelType === "string" ? modelType : "",
    className,
    root: nodeOf("", root),
    ...(input === undefined ? {} : { inputEmbedding: input }),
    ...(output === undefined ? {} : { outputEmbedding: output }),
    tied: [],
  };
}

function draft(): Draft {
  return { parameters: new Map(), children: new Map() };
}

function isParameter(name: string, { dtype, shape }: TensorHeader): boolean {
  // GPT-2 and its kin save the causal mask beside the real biases.
  const isMask = name.endsWith(".bias") && shape.length > 1;
  if (BUFFERS.test(name) || BUFFER_DTYPES.includes(dtype) || isMask) return false;
  if (FLOATS.includes(dtype)) return true;
  return reject({
    code: "unsupported",
    path: `model.safetensors.${name}`,
    message: `${name} is stored as ${dtype}: these weights are packed, and their shapes are not the model's; give the header of the unquantized model, or its config.json`,
    received: dtype,
    expected: FLOATS,
  });
}

function place(root: Draft, name: string, shape: readonly number[]): void {
  const parts = name.split(".");
  if (parts.length > MAX_DEPTH || parts.some((part) => part === "")) {
    reject({
      code: "invalid_value",
      path: "model.safetensors",
      message: `${name.slice(0, 100)} is no name of a tensor`,
      received: name.slice(0, 100),
    });
  }
  if (name.includes(".lora_")) {
    reject({
      code: "invalid_value",
      path: "model.safetensors",
      message: `${name} belongs to an adapter; give the header of the base model`,
      received: name,
    });
  }
  let module = root;
  for (const part of parts.slice(0, -1)) {
    const child = module.children.get(part) ?? draft();
    module.children.set(part, child);
    module = child;
  }
  module.parameters.set(parts.at(-1) ?? "", shape);
}

/** Paths of the modules with a 2-D weight. */
function pathsOf(module: Draft, path: string): readonly string[] {
  const own = module.parameters.get("weight")?.length === 2 ? [path] : [];
  const inner = [...module.children].flatMap(([name, child]) =>
    pathsOf(child, path === "" ? name : `${path}.${name}`),
  );
  return [...own, ...inner];
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

function nodeOf(name: string, module: Draft): ModuleNode {
  const weight = module.parameters.get("weight");
  const children = childrenOf(module);
  const isList = children.length > 0 && children.every((child) => "indices" in child);
  if (isList) return { ...container(name, "ModuleList"), layer: { kind: "module_list" }, children };
  const parameters = [...module.parameters].map(([parameter, shape]): Parameter => ({
    name: parameter,
    shape,
  }));
  if (weight?.length !== 2) return { ...container(name, "Module", { parameters }), children };
  const [rows = 0, columns = 0] = weight;
  const [biased] = module.parameters.get("bias") ?? [];
  const layer = EMBEDDING.test(name)
    ? embedding(name, rows, columns)
    : // A bias along the other side says that the weight is stored (in, out), as GPT-2 has it.
      biased === columns && biased !== rows
      ? hfConv1d(name, rows, columns)
      : linear(name, columns, rows);
  return { ...layer, parameters, children };
}

/** Numbered modules as elements of a list, equal ones together. */
function childrenOf(module: Draft): readonly Child[] {
  const groups = new Map<string, { readonly indices: number[]; readonly element: ModuleNode }>();
  const named: ModuleNode[] = [];
  for (const [name, child] of module.children) {
    const isIndex = /^(?:0|[1-9]\d{0,5})$/.test(name);
    if (!isIndex || module.parameters.size > 0) {
      named.push(nodeOf(name, child));
      continue;
    }
    const element = nodeOf("0", child);
    const key = JSON.stringify(element);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { indices: [Number(name)], element });
    else group.indices.push(Number(name));
  }
  const lists = [...groups.values()].map(({ indices, element }) => ({
    indices: indices.sort((left, right) => left - right),
    element,
  }));
  return [...named, ...lists];
}
