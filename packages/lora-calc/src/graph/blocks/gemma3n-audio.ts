/** What Gemma 3n hears with: two convolutions over the spectrogram, then a conformer. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  container,
  conv,
  embedding,
  leaf,
  linear,
  repeated,
  rmsNorm,
} from "../tree/vocabulary.js";

const CLIPPING = buffer("gradient_clipping", [], "model");

function norm(name: string, size: number): ModuleNode {
  return rmsNorm(name, "Gemma3nRMSNorm", size, "power_in_fp32");
}

export function gemma3nAudio(config: Config): ModuleNode {
  const width = config.size("hidden_size", 1536);
  return container("audio_tower", "Gemma3nAudioEncoder", {
    children: [
      subsampling(config, width),
      repeated(
        "conformer",
        config.layerCount("conf_num_hidden_layers", 12),
        conformerBlock(config, width),
      ),
    ],
  });
}

/** Time by frequency, each convolution padded by one frequency on both sides. */
function subsampling(config: Config, width: number): ModuleNode {
  const [first = 128, second = 32] = config.sizes("sscp_conv_channel_size") ?? [];
  const kernels = pairs(config, "sscp_conv_kernel_size", 3);
  const strides = pairs(config, "sscp_conv_stride_size", 2);
  const frequenciesAfter = (before: number, index: 0 | 1): number =>
    Math.floor((before + 2 - kernels[index][1]) / strides[index][1]) + 1;
  const left = frequenciesAfter(frequenciesAfter(config.size("input_feat_size", 128), 0), 1);
  const block = (index: 0 | 1, from: number, to: number): ModuleNode =>
    container(`conv_${index}`, "Gemma3nAudioSSCPConvBlock", {
      children: [
        conv("conv", [from, to], kernels[index], { bias: false }),
        container("norm", "Gemma3nAudioCumulativeGroupNorm", {
          parameters: [{ name: "weight", shape: [to] }],
        }),
        leaf("activation", "ReLU"),
      ],
    });
  return container("subsample_conv_projection", "Gemma3nAudioSubSampleConvProjection", {
    children: [
      block(0, 1, first),
      block(1, first, second),
      linear("input_proj_linear", second * left, width),
    ],
  });
}

type Pair = readonly [time: number, frequency: number];

/** Sizes of the two convolutions, `usual` where they are absent. */
function pairs(config: Config, name: string, usual: number): readonly [Pair, Pair] {
  const [[first = usual, second = usual] = [], [third = usual, fourth = usual] = []] =
    config.sizeLists(name) ?? [];
  return [
    [first, second],
    [third, fourth],
  ];
}

/** Half a feed-forward, attention over a window, a convolution, the other half. */
function conformerBlock(config: Config, width: number): ModuleNode {
  const feedForward = (name: string): ModuleNode =>
    container(name, "Gemma3nAudioConformerFeedForward", {
      buffers: [CLIPPING],
      children: [
        norm("pre_layer_norm", width),
        linear("ffw_layer_1", width, 4 * width),
        linear("ffw_layer_2", 4 * width, width),
        norm("post_layer_norm", width),
      ],
    });
  return container("0", "Gemma3nAudioConformerBlock", {
    buffers: [CLIPPING],
    children: [
      feedForward("ffw_layer_start"),
      container("attention", "Gemma3nAudioConformerAttention", {
        buffers: [CLIPPING],
        children: [
          norm("pre_attn_norm", width),
          attention(config, width),
          linear("post", width, width),
          norm("post_norm", width),
        ],
      }),
      container("lconv1d", "Gemma3nAudioConformerLightConv1d", {
        buffers: [CLIPPING],
        children: [
          norm("pre_layer_norm", width),
          linear("linear_start", width, 2 * width),
          conv("depthwise_conv1d", [width, width], [config.size("conf_conv_kernel_size", 5)], {
            bias: false,
            groups: width,
          }),
          norm("conv_norm", width),
          linear("linear_end", width, width),
        ],
      }),
      feedForward("ffw_layer_end"),
      norm("norm", width),
    ],
  });
}

function attention(config: Config, width: number): ModuleNode {
  const heads = config.size("conf_num_attention_heads", 8);
  const headDim = Math.floor(width / heads);
  const chunk = config.size("conf_attention_chunk_size", 12);
  const past = Math.max(0, config.integer("conf_attention_context_left", 13) - 1);
  const context = chunk + past + config.integer("conf_attention_context_right", 0);
  const project = (name: string): ModuleNode => linear(name, width, heads * headDim);
  return container("attn", "Gemma3nAudioAttention", {
    parameters: [{ name: "per_dim_scale", shape: [headDim] }],
    buffers: [
      buffer("q_scale", [], "model"),
      buffer("local_causal_valid_mask", [chunk, context], "bool"),
      buffer("softcap", []),
    ],
    children: [
      container("relative_position_embedding", "Gemma3nAudioRelativePositionEmbedding", {
        buffers: [buffer("inv_timescales", [1, 1, Math.floor(width / 2)])],
        children: [project("pos_proj")],
      }),
      project("q_proj"),
      project("k_proj"),
      project("v_proj"),
    ],
  });
}

/** Tokens and features of one sense, brought to the width of the language model. */
export function gemma3nEmbedder(
  name: string,
  config: Config,
  { width: usual, hiddenSize }: { readonly width: number; readonly hiddenSize: number },
): ModuleNode {
  const width = config.size("hidden_size", usual);
  return container(name, "Gemma3nMultimodalEmbedder", {
    forward: {
      ...{ kind: "sense_embedder", embedding: "embedding", norm: "hard_embedding_norm" },
      ...{ projection: "embedding_projection", postNorm: "embedding_post_projection_norm" },
    },
    children: [
      embedding("embedding", config.size("vocab_size", 128), width),
      norm("hard_embedding_norm", width),
      norm("soft_embedding_norm", width),
      linear("embedding_projection", width, hiddenSize),
      container("embedding_post_projection_norm", "Gemma3nRMSNorm", {
        forward: { kind: "rms_norm", variant: "power_in_fp32" },
      }),
    ],
  });
}
