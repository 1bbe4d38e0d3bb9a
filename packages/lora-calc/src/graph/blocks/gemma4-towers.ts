/** What Gemma 4 sees and hears with: linears that may clip what goes in and out, a conformer for sound. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  container,
  conv,
  layerNorm,
  leaf,
  linear,
  repeated,
  rmsNorm,
} from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { activationModule } from "./mlp.js";

type Clipped = (name: string, from: number, to: number) => ModuleNode;

/** `linear` inside a module that holds the limits. */
function clippedLinears(config: Config, usual: boolean): Clipped {
  const limits = config.boolean("use_clipped_linears", usual)
    ? ["input_min", "input_max", "output_min", "output_max"]
    : [];
  return (name, from, to) =>
    container(name, "Gemma4ClippableLinear", {
      buffers: limits.map((limit) => buffer(limit, [], "model")),
      children: [linear("linear", from, to)],
    });
}

function norm(name: string, size: number): ModuleNode {
  return rmsNorm(name, "Gemma4RMSNorm", size);
}

export function gemma4Vision(config: Config): ModuleNode {
  const width = config.size("hidden_size", 768);
  const headDim = config.size("head_dim", 64);
  const places = config.size("position_embedding_size", 10240);
  const standardizes = config.boolean("standardize", false);
  const frequencies = [Math.ceil(headDim / 4)];
  return container("vision_tower", "Gemma4VisionModel", {
    buffers: standardizes
      ? [buffer("std_bias", [width], "model"), buffer("std_scale", [width], "model")]
      : [],
    children: [
      container("patch_embedder", "Gemma4VisionPatchEmbedder", {
        parameters: [{ name: "position_embedding_table", shape: [2, places, width] }],
        children: [linear("input_proj", 3 * config.size("patch_size", 16) ** 2, width)],
      }),
      container("encoder", "Gemma4VisionEncoder", {
        children: [
          container("rotary_emb", "Gemma4VisionRotaryEmbedding", {
            buffers: [buffer("inv_freq", frequencies), buffer("original_inv_freq", frequencies)],
          }),
          repeated(
            "layers",
            config.layerCount("num_hidden_layers", 16),
            visionLayer(config, width, headDim),
          ),
        ],
      }),
      leaf("pooler", "Gemma4VisionPooler"),
    ],
  });
}

function visionLayer(config: Config, width: number, headDim: number): ModuleNode {
  const clipped = clippedLinears(config, false);
  const queries = config.size("num_attention_heads", 12) * headDim;
  const keys = config.size("num_key_value_heads", 12) * headDim;
  const inner = config.size("intermediate_size", 3072);
  const act = activation(config, "hidden_activation", "gelu_pytorch_tanh");
  return container("0", "Gemma4VisionEncoderLayer", {
    children: [
      container("self_attn", "Gemma4VisionAttention", {
        children: [
          clipped("q_proj", width, queries),
          clipped("k_proj", width, keys),
          clipped("v_proj", width, keys),
          clipped("o_proj", queries, width),
          norm("q_norm", headDim),
          norm("k_norm", headDim),
          leaf("v_norm", "Gemma4RMSNorm"),
        ],
      }),
      container("mlp", "Gemma4VisionMLP", {
        children: [
          clipped("gate_proj", width, inner),
          clipped("up_proj", width, inner),
          clipped("down_proj", inner, width),
          activationModule("act_fn", act),
        ],
      }),
      ...["input", "post_attention", "pre_feedforward", "post_feedforward"].map((place) =>
        norm(`${place}_layernorm`, width),
      ),
    ],
  });
}

export function gemma4Audio(config: Config): ModuleNode {
  const width = config.size("hidden_size", 1024);
  const [first = 128, second = 32] = config.sizes("subsampling_conv_channels") ?? [];
  const subsample = (name: string, from: number, to: number) =>
    container(name, "Gemma4AudioSubSampleConvProjectionLayer", {
      children: [
        conv("conv", [from, to], [3, 3], { bias: false }),
        layerNorm("norm", to, { bias: false }),
        leaf("act", "ReLU"),
      ],
    });
  return container("audio_tower", "Gemma4AudioModel", {
    children: [
      container("subsample_conv_projection", "Gemma4AudioSubSampleConvProjection", {
        children: [
          subsample("layer0", 1, first),
          subsample("layer1", first, second),
          linear("input_proj_linear", Math.floor(first / 4) * second, width),
        ],
      }),
      container("rel_pos_enc", "Gemma4AudioRelPositionalEncoding", {
        buffers: [buffer("inv_timescales", [1, 1, Math.floor(width / 2)], "model")],
      }),
      repeated("layers", config.layerCount("num_hidden_layers", 12), audioLayer(config, width)),
      linear("output_proj", width, config.size("output_proj_dims", 1536), { bias: true }),
    ],
  });
}

/** Half a feed-forward, attention over a window, a convolution, the other half. */
function audioLayer(config: Config, width: number): ModuleNode {
  const clipped = clippedLinears(config, true);
  const act = activation(config, "hidden_act", "silu");
  const headDim = Math.floor(width / config.size("num_attention_heads", 8));
  const feedForward = (name: string) =>
    container(name, "Gemma4AudioFeedForward", {
      children: [
        clipped("ffw_layer_1", width, 4 * width),
        clipped("ffw_layer_2", 4 * width, width),
        norm("pre_layer_norm", width),
        norm("post_layer_norm", width),
        activationModule("act_fn", act),
      ],
    });
  const depthwise = conv("depthwise_conv1d", [width, width], [config.size("conv_kernel_size", 5)], {
    bias: false,
    groups: width,
  });
  return container("0", "Gemma4AudioLayer", {
    children: [
      feedForward("feed_forward1"),
      feedForward("feed_forward2"),
      container("self_attn", "Gemma4AudioAttention", {
        parameters: [{ name: "per_dim_scale", shape: [headDim] }],
        buffers: [buffer("softcap", [], "model")],
        children: [
          ...["q_proj", "k_proj", "v_proj", "post"].map((name) => clipped(name, width, width)),
          linear("relative_k_proj", width, width),
        ],
      }),
      container("lconv1d", "Gemma4AudioLightConv1d", {
        children: [
          clipped("linear_start", width, 2 * width),
          clipped("linear_end", width, width),
          { ...depthwise, type: "Gemma4AudioCausalConv1d" },
          norm("pre_layer_norm", width),
          norm("conv_norm", width),
          activationModule("act_fn", act),
        ],
      }),
      norm("norm_pre_attn", width),
      norm("norm_post_attn", width),
      norm("norm_out", width),
    ],
  });
}

/** From the width of a tower to that of the language model. */
export function gemma4Embedder(name: string, from: number, to: number): ModuleNode {
  return container(name, "Gemma4MultimodalEmbedder", {
    children: [
      linear("embedding_projection", from, to),
      leaf("embedding_pre_projection_norm", "Gemma4RMSNorm"),
    ],
  });
}
