/** BLIP-2: a frozen eye, a Q-Former that asks it a few questions, and a whole language model that reads the answers. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { activation } from "../blocks/activation.js";
import { activationModule } from "../blocks/mlp.js";
import { modelOfClass } from "../blocks/model-classes.js";
import type { ModelClass } from "../blocks/model-classes.js";
import { nestedModel } from "../blocks/nested-model.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  container,
  conv,
  layerNorm,
  leaf,
  linear,
  repeated,
  repeatedBy,
} from "../tree/vocabulary.js";
import { opt } from "./opt.js";
import { t5 } from "./t5.js";

const GENERATION = "Blip2ForConditionalGeneration";
const BASE = "Blip2Model";

/** The published checkpoints have one of these. */
const LANGUAGES: ReadonlyMap<string, Blueprint> = new Map([
  ["opt", opt],
  ["t5", t5],
]);

export const blip2: Blueprint = {
  modelType: "blip-2",
  build: (config, context) => {
    const text = config.nested("text_config", { model_type: "opt" });
    const graph = languageBlueprint(text).build(text, { ...context, className: undefined });
    const { node, ...embeddings } = nestedModel("language_model", graph);
    const vision = config.nested("vision_config");
    const qformer = config.nested("qformer_config");
    const visionWidth = vision.size("hidden_size", 1408);
    const width = qformer.size("hidden_size", 768);
    const sizes = graph.decoder ?? { layers: 0, hiddenSize: width, keyValueSize: width };
    const whole = (): ModelClass => ({
      parameters: [
        { name: "query_tokens", shape: [1, config.size("num_query_tokens", 32), width] },
      ],
      children: [
        visionModel(vision, visionWidth),
        questionFormer(qformer, width, visionWidth),
        linear("language_projection", width, sizes.hiddenSize, { bias: true }),
        node,
      ],
      ...embeddings,
      hidesTies: true,
    });
    return modelOfClass(
      {
        modelType: "blip-2",
        usual: GENERATION,
        classOfTask: { CAUSAL_LM: GENERATION, FEATURE_EXTRACTION: BASE },
        // PEFT looks for the word embedding in the first model inside, which is the eye.
        sizes: { ...sizes, hidesEmbedding: true },
        neverQuantized: ["query_tokens", "qformer", ...(graph.neverQuantized ?? [])],
        classes: { [GENERATION]: whole, [BASE]: whole },
      },
      context,
    );
  },
};

function languageBlueprint(text: Config): Blueprint {
  const modelType = text.string("model_type", "opt");
  const blueprint = LANGUAGES.get(modelType);
  if (blueprint !== undefined) return blueprint;
  reject({
    code: "unsupported",
    path: text.fields.at("model_type"),
    message: `BLIP-2 with a language model of model_type ${modelType} is not computed; known are ${[...LANGUAGES.keys()].join(", ")}`,
    received: modelType,
    expected: [...LANGUAGES.keys()],
  });
}

function visionModel(config: Config, width: number): ModuleNode {
  const patch = config.size("patch_size", 14);
  const patches = Math.floor(config.size("image_size", 224) / patch) ** 2;
  const inner = config.size("intermediate_size", 6144);
  const layer = container("0", "Blip2EncoderLayer", {
    children: [
      container("self_attn", "Blip2Attention", {
        children: [
          linear("qkv", width, 3 * width, { bias: config.boolean("qkv_bias", true) }),
          linear("projection", width, width, { bias: true }),
        ],
      }),
      layerNorm("layer_norm1", width),
      container("mlp", "Blip2MLP", {
        children: [
          activationModule("activation_fn", activation(config, "hidden_act", "gelu")),
          linear("fc1", width, inner, { bias: true }),
          linear("fc2", inner, width, { bias: true }),
        ],
      }),
      layerNorm("layer_norm2", width),
    ],
  });
  return container("vision_model", "Blip2VisionModel", {
    children: [
      container("embeddings", "Blip2VisionEmbeddings", {
        parameters: [
          { name: "class_embedding", shape: [1, 1, width] },
          { name: "position_embedding", shape: [1, patches + 1, width] },
        ],
        children: [conv("patch_embedding", [3, width], [patch, patch])],
      }),
      container("encoder", "Blip2Encoder", {
        children: [repeated("layers", config.layerCount("num_hidden_layers", 39), layer)],
      }),
      layerNorm("post_layernorm", width),
    ],
  });
}

/** BERT's layers; those that look at the picture come at a frequency. */
function questionFormer(config: Config, width: number, visionWidth: number): ModuleNode {
  const frequency = config.size("cross_attention_frequency", 2);
  const layers = config.layerCount("num_hidden_layers", 12);
  const readsText = config.boolean("use_qformer_text_input", false);
  const layer = (looks: boolean): ModuleNode =>
    container("0", "Blip2QFormerLayer", {
      children: [
        formerAttention("attention", width, width),
        looks ? formerAttention("crossattention", width, visionWidth) : undefined,
        ...(readsText ? feedForward(config, width, "") : []),
        ...feedForward(config, width, "_query"),
      ],
    });
  return container("qformer", "Blip2QFormerModel", {
    children: [
      layerNorm("layernorm", width),
      leaf("dropout", "Dropout"),
      container("encoder", "Blip2QFormerEncoder", {
        children: [
          repeatedBy(
            "layer",
            layers,
            (index) => (index % frequency === 0 ? "looks" : "thinks"),
            (kind) => layer(kind === "looks"),
          ),
        ],
      }),
    ],
  });
}

function formerAttention(name: string, width: number, from: number): ModuleNode {
  return container(name, "Blip2QFormerAttention", {
    children: [
      container("attention", "Blip2QFormerMultiHeadAttention", {
        children: [
          linear("query", width, width, { bias: true }),
          linear("key", from, width, { bias: true }),
          linear("value", from, width, { bias: true }),
        ],
      }),
      container("output", "Blip2QFormerSelfOutput", {
        children: [
          linear("dense", width, width, { bias: true }),
          layerNorm("LayerNorm", width),
          leaf("dropout", "Dropout"),
        ],
      }),
    ],
  });
}

function feedForward(config: Config, width: number, suffix: string): readonly ModuleNode[] {
  const inner = config.size("intermediate_size", 3072);
  return [
    container(`intermediate${suffix}`, "Blip2QFormerIntermediate", {
      children: [
        linear("dense", width, inner, { bias: true }),
        activationModule("intermediate_act_fn", activation(config, "hidden_act", "gelu")),
      ],
    }),
    container(`output${suffix}`, "Blip2QFormerOutput", {
      children: [
        linear("dense", inner, width, { bias: true }),
        layerNorm("LayerNorm", width),
        leaf("dropout", "Dropout"),
      ],
    }),
  ];
}
