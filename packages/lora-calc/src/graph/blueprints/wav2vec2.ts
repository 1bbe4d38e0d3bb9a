/** wav2vec 2.0: convolutions over the sound, an encoder, heads for speech. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { activationOf } from "../blocks/mlp.js";
import { modelOfClass } from "../blocks/model-classes.js";
import type { ModelClass } from "../blocks/model-classes.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  container,
  conv,
  layerNorm,
  leaf,
  linear,
  parameter,
  repeated,
  repeatedBy,
} from "../tree/vocabulary.js";

export const wav2vec2: Blueprint = {
  modelType: "wav2vec2",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 768);
    const layers = config.layerCount("num_hidden_layers", 12);
    const masks =
      config.number("mask_time_prob", 0.05) > 0 || config.number("mask_feature_prob", 0) > 0;
    const backbone = {
      parameters: masks ? [{ name: "masked_spec_embed", shape: [hiddenSize] }] : [],
      children: backboneChildren(config, hiddenSize, layers),
    };
    return modelOfClass(
      {
        modelType: "wav2vec2",
        usual: "Wav2Vec2ForCTC",
        classOfTask: {
          SEQ_CLS: "Wav2Vec2ForSequenceClassification",
          FEATURE_EXTRACTION: "Wav2Vec2Model",
        },
        sizes: { layers, hiddenSize, keyValueSize: hiddenSize, hidesEmbedding: true },
        classes: classesOf(config, hiddenSize, layers, backbone),
      },
      context,
    );
  },
};

function classesOf(
  config: Config,
  hiddenSize: number,
  layers: number,
  backbone: Pick<ModelClass, "parameters"> & {
    readonly children: readonly (ModuleNode | undefined)[];
  },
): Readonly<Record<string, () => ModelClass>> {
  const model = container("wav2vec2", "Wav2Vec2Model", backbone);
  const biased = (name: string, from: number, to: number) => linear(name, from, to, { bias: true });
  const adapted = config.boolean("add_adapter", false);
  /** Weights of a sum over the outputs of all layers. */
  const mixture = config.boolean("use_weighted_layer_sum", false)
    ? [{ name: "layer_weights", shape: [layers + 1] }]
    : [];
  const withoutAdapter = (make: () => ModelClass) => () => {
    if (!adapted) return make();
    return reject({
      code: "invalid_value",
      path: config.fields.at("add_adapter"),
      message: "the classes that classify have no adapter layers; set add_adapter to false",
      received: true,
      expected: false,
    });
  };
  return {
    Wav2Vec2Model: () => backbone,
    Wav2Vec2ForCTC: () => ({
      children: [
        model,
        leaf("dropout", "Dropout"),
        biased(
          "lm_head",
          adapted ? outputSize(config, hiddenSize) : hiddenSize,
          config.size("vocab_size", 32),
        ),
      ],
    }),
    Wav2Vec2ForSequenceClassification: withoutAdapter(() => {
      const width = config.size("classifier_proj_size", 256);
      return {
        parameters: mixture,
        children: [
          model,
          biased("projector", hiddenSize, width),
          biased("classifier", width, labelCount(config)),
        ],
      };
    }),
    Wav2Vec2ForAudioFrameClassification: withoutAdapter(() => ({
      parameters: mixture,
      children: [model, biased("classifier", hiddenSize, labelCount(config))],
    })),
    Wav2Vec2ForPreTraining: () => {
      const codes = config.size("codevector_dim", 256);
      const shared = config.size("proj_codevector_dim", 256);
      return {
        children: [
          model,
          leaf("dropout_features", "Dropout"),
          quantizer(config, codes),
          biased("project_hid", hiddenSize, shared),
          biased("project_q", codes, shared),
        ],
      };
    },
  };
}

function backboneChildren(config: Config, hiddenSize: number, layers: number) {
  const stable = config.boolean("do_stable_layer_norm", false);
  const layer = encoderLayer(config, hiddenSize, stable);
  const last = convSizes(config).at(-1)?.width ?? 512;
  return [
    container("feature_extractor", "Wav2Vec2FeatureEncoder", { children: [convLayers(config)] }),
    container("feature_projection", "Wav2Vec2FeatureProjection", {
      children: [
        layerNorm("layer_norm", last),
        linear("projection", last, hiddenSize, { bias: true }),
        leaf("dropout", "Dropout"),
      ],
    }),
    container("encoder", stable ? "Wav2Vec2EncoderStableLayerNorm" : "Wav2Vec2Encoder", {
      children: [
        positions(config, hiddenSize),
        layerNorm("layer_norm", hiddenSize),
        leaf("dropout", "Dropout"),
        repeated("layers", layers, layer),
      ],
    }),
    config.boolean("add_adapter", false) ? adapter(config, hiddenSize) : undefined,
  ];
}

interface ConvSize {
  readonly from: number;
  readonly width: number;
  readonly kernel: number;
}

const KERNELS = [10, 3, 3, 3, 3, 2, 2];

/** Width and kernel of every convolution over the sound. */
function convSizes(config: Config): readonly ConvSize[] {
  const widths = config.sizes("conv_dim") ?? KERNELS.map(() => 512);
  const kernels = config.sizes("conv_kernel") ?? KERNELS;
  if (widths.length !== kernels.length || widths.length === 0 || widths.length > 64) {
    reject({
      code: "invalid_value",
      path: config.fields.at("conv_kernel"),
      message: "conv_dim and conv_kernel need one number for each convolution, 1 to 64",
      received: kernels,
    });
  }
  return widths.map((width, index) => ({
    from: widths[index - 1] ?? 1,
    width,
    kernel: kernels[index] ?? 1,
  }));
}

function convLayers(config: Config): ModuleNode {
  const bias = config.boolean("conv_bias", false);
  const sizes = convSizes(config);
  const norm = config.string("feat_extract_norm", "group");
  const activation = activationOf("activation", config, "feat_extract_activation", "gelu");
  const keyOf = (index: number) => {
    const { from = 1, width = 1, kernel = 1 } = sizes[index] ?? {};
    return `${norm === "layer" ? "layer" : index === 0 ? "group" : "none"} ${from} ${width} ${kernel}`;
  };
  return repeatedBy("conv_layers", sizes.length, keyOf, (_, index) => {
    const { from = 1, width = 1, kernel = 1 } = sizes[index] ?? {};
    const convolution = conv("conv", [from, width], [kernel], { bias });
    if (norm === "layer") {
      return container("0", "Wav2Vec2LayerNormConvLayer", {
        children: [convolution, layerNorm("layer_norm", width), activation],
      });
    }
    return index === 0
      ? container("0", "Wav2Vec2GroupNormConvLayer", {
          children: [
            convolution,
            activation,
            layerNorm("layer_norm", width, { type: "GroupNorm" }),
          ],
        })
      : container("0", "Wav2Vec2NoLayerNormConvLayer", { children: [convolution, activation] });
  });
}

/** The convolution that says where a sound is: its weight is a direction and a length (weight norm over the kernel). */
function positions(config: Config, hiddenSize: number): ModuleNode {
  const kernel = config.size("num_conv_pos_embeddings", 128);
  const groups = config.size("num_conv_pos_embedding_groups", 16);
  const inGroup = config.divide("hidden_size", hiddenSize, groups);
  const plain = conv("conv", [hiddenSize, hiddenSize], [kernel], { groups });
  const weightNorm = container("parametrizations", "ModuleDict", {
    children: [
      container("weight", "ParametrizationList", {
        parameters: [
          { name: "original0", shape: [1, 1, kernel] },
          { name: "original1", shape: [hiddenSize, inGroup, kernel] },
        ],
        children: [leaf("0", "_WeightNorm")],
      }),
    ],
  });
  return container("pos_conv_embed", "Wav2Vec2PositionalConvEmbedding", {
    children: [
      {
        ...plain,
        type: "ParametrizedConv1d",
        parameters: plain.parameters.filter(({ name }) => name === "bias"),
        children: [weightNorm],
      },
      leaf("padding", "Wav2Vec2SamePadLayer"),
      activationOf("activation", config, "feat_extract_activation", "gelu"),
    ],
  });
}

function encoderLayer(config: Config, hiddenSize: number, stable: boolean): ModuleNode {
  const inner = config.size("intermediate_size", 3072);
  const square = (name: string) => linear(name, hiddenSize, hiddenSize, { bias: true });
  const attnAdapter = stable ? config.optionalSize("adapter_attn_dim") : undefined;
  return container("0", stable ? "Wav2Vec2EncoderLayerStableLayerNorm" : "Wav2Vec2EncoderLayer", {
    children: [
      container("attention", "Wav2Vec2Attention", {
        children: ["k_proj", "v_proj", "q_proj", "out_proj"].map(square),
      }),
      leaf("dropout", "Dropout"),
      layerNorm("layer_norm", hiddenSize),
      container("feed_forward", "Wav2Vec2FeedForward", {
        children: [
          leaf("intermediate_dropout", "Dropout"),
          linear("intermediate_dense", hiddenSize, inner, { bias: true }),
          activationOf("intermediate_act_fn", config, "hidden_act", "gelu"),
          linear("output_dense", inner, hiddenSize, { bias: true }),
          leaf("output_dropout", "Dropout"),
        ],
      }),
      layerNorm("final_layer_norm", hiddenSize),
      attnAdapter === undefined
        ? undefined
        : container("adapter_layer", "Wav2Vec2AttnAdapterLayer", {
            children: [
              layerNorm("norm", hiddenSize),
              linear("linear_1", hiddenSize, attnAdapter, { bias: true }),
              leaf("act_fn", "ReLU"),
              linear("linear_2", attnAdapter, hiddenSize, { bias: true }),
            ],
          }),
    ],
  });
}

function outputSize(config: Config, hiddenSize: number): number {
  return config.optionalSize("output_hidden_size") ?? hiddenSize;
}

/** Strided convolutions behind the encoder, each with twice the channels for its gate. */
function adapter(config: Config, hiddenSize: number): ModuleNode {
  const width = outputSize(config, hiddenSize);
  const kernel = config.size("adapter_kernel_size", 3);
  const layer = container("0", "Wav2Vec2AdapterLayer", {
    children: [conv("conv", [width, 2 * width], [kernel])],
  });
  return container("adapter", "Wav2Vec2Adapter", {
    children: [
      ...(width === hiddenSize
        ? []
        : [linear("proj", hiddenSize, width, { bias: true }), layerNorm("proj_layer_norm", width)]),
      repeated("layers", config.layerCount("num_adapter_layers", 3), layer),
    ],
  });
}

function quantizer(config: Config, codes: number): ModuleNode {
  const groups = config.size("num_codevector_groups", 2);
  const variants = groups * config.size("num_codevectors_per_group", 320);
  const width = config.divide("codevector_dim", codes, groups);
  const last = convSizes(config).at(-1)?.width ?? 512;
  return container("quantizer", "Wav2Vec2GumbelVectorQuantizer", {
    // A `torch.FloatTensor`, whatever the model is loaded in.
    parameters: [parameter("codevectors", [1, variants, width], "float32")],
    children: [linear("weight_proj", last, variants, { bias: true })],
  });
}
