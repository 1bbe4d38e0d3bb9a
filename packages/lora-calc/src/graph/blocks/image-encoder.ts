/** What transformers over the patches of an image share (vit, dinov2, swin): patches, attention, two-layer MLP, heads. */

import type { Config } from "../../model/config.js";
import { isObject } from "../../problem/fields.js";
import type { BuildContext } from "../tree/blueprint.js";
import type { Activation, AttentionForward, ImageTowerForward } from "../tree/forward.js";
import type { Child, DecoderSizes, ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, conv, linear } from "../tree/vocabulary.js";
import { activationOf, plainMlp } from "./mlp.js";
import { modelOfClass } from "./model-classes.js";
import { labelCount } from "./task-heads.js";

/** Height and width: one number for both, or a list of two. */
export function sidesOf(config: Config, name: string, fallback: number): readonly [number, number] {
  const value = config.fields.get(name);
  if (!Array.isArray(value) && !isObject(value)) {
    const side = config.size(name, fallback);
    return [side, side];
  }
  const [height = fallback, width = height] = config.sizes(name) ?? [];
  return [height, width];
}

/** Number of patches that an image is cut into. */
export function patchCount(config: Config, imageSize: number, patchSize: number): number {
  const [height, width] = sidesOf(config, "image_size", imageSize);
  const [patchHeight, patchWidth] = sidesOf(config, "patch_size", patchSize);
  return Math.floor(height / patchHeight) * Math.floor(width / patchWidth);
}

/** `patch_embeddings`: a convolution whose stride is its kernel. */
export function patchEmbeddings(
  prefix: string,
  config: Config,
  width: number,
  patchSize: number,
): ModuleNode {
  const channels = config.size("num_channels", 3);
  const kernel = sidesOf(config, "patch_size", patchSize);
  return container("patch_embeddings", `${prefix}PatchEmbeddings`, {
    forward: { kind: "patches", projection: "projection" },
    children: [conv("projection", [channels, width], kernel)],
  });
}

/** Four projections; those of query, key and value may have no bias. How it computes is known where the heads are given. */
export function imageAttention(
  prefix: string,
  config: Config,
  width: number,
  { behind, heads }: { readonly behind?: ModuleNode | undefined; readonly heads?: number } = {},
): ModuleNode {
  const bias = config.boolean("qkv_bias", true);
  return container("attention", `${prefix}Attention`, {
    ...(heads === undefined ? {} : { forward: attentionForward(config, width, heads) }),
    children: [
      ...["q_proj", "k_proj", "v_proj"].map((name) => linear(name, width, width, { bias })),
      linear("o_proj", width, width, { bias: true }),
      behind,
    ],
  });
}

function attentionForward(config: Config, width: number, heads: number): AttentionForward {
  return {
    kind: "attention",
    projections: { kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
    output: "o_proj",
    heads,
    keyValueHeads: heads,
    headDim: Math.floor(width / heads),
    attentionDropout: config.number("attention_probs_dropout_prob", 0),
    isBidirectional: true,
  };
}

/** How it computes is known for the functions that decoders use, too. */
export function imageMlp(prefix: string, config: Config, width: number, inner: number): ModuleNode {
  const activation = FUNCTIONS.get(config.string("hidden_act", "gelu"));
  return plainMlp({
    ...(activation === undefined ? {} : { program: { activation } }),
    type: `${prefix}MLP`,
    up: "fc1",
    down: "fc2",
    bias: true,
    hiddenSize: width,
    intermediateSize: inner,
    activation: activationOf("activation_fn", config, "hidden_act", "gelu"),
    activationFirst: true,
  });
}

const FUNCTIONS: ReadonlyMap<string, Activation> = new Map([
  ["gelu", "gelu"],
  ["gelu_pytorch_tanh", "gelu_tanh"],
]);

export interface ImageModel {
  readonly modelType: string;
  readonly prefix: string;
  /** Children of the backbone; the class that classifies may leave the pooler out. */
  readonly children: (isClassifier: boolean) => readonly (Child | undefined)[];
  /** Width of what the classifier sees. */
  readonly features: number;
  readonly sizes: Omit<DecoderSizes, "hasNoVocabulary">;
  /** How the backbone computes, and which images it takes; undefined where it can only be counted. */
  readonly program?: {
    readonly tower: ImageTowerForward;
    readonly image: readonly [number, number, number];
  };
}

export function imageModel(parts: ImageModel, config: Config, context: BuildContext): ModuleGraph {
  const { modelType, prefix, children, features, sizes, program } = parts;
  const base = `${prefix}Model`;
  const patches = "embeddings.patch_embeddings";
  return modelOfClass(
    {
      modelType,
      usual: `${prefix}ForImageClassification`,
      classOfTask: { FEATURE_EXTRACTION: base },
      sizes: { ...sizes, hasNoVocabulary: true },
      classes: {
        [base]: () => ({ children: children(false), inputEmbedding: patches }),
        [`${prefix}ForImageClassification`]: () => ({
          children: [
            container(modelType, base, {
              ...(program === undefined ? {} : { forward: program.tower }),
              children: children(true),
            }),
            linear("classifier", features, labelCount(config), { bias: true }),
          ],
          inputEmbedding: `${modelType}.${patches}`,
          ...(program === undefined
            ? {}
            : {
                forward: {
                  kind: "image_classifier",
                  tower: modelType,
                  head: "classifier",
                  image: program.image,
                },
              }),
        }),
      },
    },
    context,
  );
}
