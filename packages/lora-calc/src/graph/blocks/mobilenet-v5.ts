/**
 * MobileNetV5-300M, the eye of Gemma 3n, as timm builds it: stages of inverted residuals, attention with one head of keys
 * in the last two, and an adapter that joins both scales. Its sizes are fixed.
 *
 * Source: timm@1.0.31 models/mobilenetv5.py `_gen_mobilenet_v5`, `mobilenetv5_300m_enc`.
 */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, conv, leaf, repeatedBy } from "../tree/vocabulary.js";

const ARCHITECTURE = "mobilenetv5_300m_enc";
const OUTPUT = 2048;

/** Kernel of a convolution over depth, 0 = none. */
type Kernel = 0 | 3 | 5;

type Block =
  | { readonly kind: "edge"; readonly expansion: number }
  | {
      readonly kind: "inverted";
      readonly start: Kernel;
      readonly middle: Kernel;
      readonly expansion: number;
    }
  | {
      readonly kind: "attention";
      readonly heads: number;
      readonly headDim: number;
      /** Keys and values are taken from every second place. */
      readonly isCoarse: boolean;
    };

interface Stage {
  readonly channels: number;
  readonly blocks: readonly Block[];
}

const inverted = (start: Kernel, middle: Kernel, expansion: number): Block => ({
  kind: "inverted",
  start,
  middle,
  expansion,
});

function times<Item>(count: number, items: readonly Item[]): readonly Item[] {
  return Array.from({ length: count }, () => items).flat();
}

const COARSE: Block = { kind: "attention", heads: 12, headDim: 64, isCoarse: true };
const FINE: Block = { kind: "attention", heads: 16, headDim: 96, isCoarse: false };
const FEED_FORWARD = inverted(0, 0, 2);

const STEM = 64;
const STAGES: readonly Stage[] = [
  { channels: 128, blocks: times(3, [{ kind: "edge", expansion: 4 }]) },
  {
    channels: 256,
    blocks: [inverted(3, 5, 6), ...times(2, [inverted(5, 0, 4), inverted(3, 0, 4)])],
  },
  {
    channels: 640,
    blocks: [
      inverted(5, 5, 6),
      ...times(7, [inverted(5, 0, 4)]),
      inverted(0, 0, 1),
      ...times(14, [COARSE, FEED_FORWARD]),
    ],
  },
  { channels: 1280, blocks: [inverted(5, 5, 6), ...times(19, [FINE, FEED_FORWARD])] },
];

export function mobileNetV5(config: Config): ModuleNode {
  rejectOthers(config);
  let channels = STEM;
  const stages = STAGES.map((stage, index) => {
    const node = stageNode(String(index), stage, channels);
    channels = stage.channels;
    return node;
  });
  const joined = STAGES.slice(-2).reduce((sum, stage) => sum + stage.channels, 0);
  return container("vision_tower", "TimmWrapperModel", {
    children: [
      container("timm_model", "MobileNetV5Encoder", {
        children: [
          container("conv_stem", "ConvNormAct", {
            children: [
              { ...conv("conv", [3, STEM], [3, 3]), type: "Conv2dSame" },
              normAct("bn", STEM, "GELU"),
            ],
          }),
          container("blocks", "Sequential", { children: stages }),
          container("msfa", "MobileNetV5MultiScaleFusionAdapter", {
            children: [
              invertedResidual("ffn", [joined, OUTPUT], FEED_FORWARD, { isScaled: false }),
              norm("norm", OUTPUT),
            ],
          }),
        ],
      }),
    ],
  });
}

/** Another network of timm would be another tree. */
function rejectOthers(config: Config): void {
  const name = config.string("architecture", ARCHITECTURE);
  const hasArguments = config.has("model_args");
  if (name === ARCHITECTURE && !hasArguments) return;
  const field = hasArguments ? "model_args" : "architecture";
  reject({
    code: "unsupported",
    path: config.fields.at(field),
    message: `of timm's networks ${ARCHITECTURE} without model_args is known, not ${hasArguments ? "one with model_args" : name}`,
    received: config.fields.get(field),
    expected: ARCHITECTURE,
  });
}

function stageNode(name: string, { channels, blocks }: Stage, before: number): ModuleNode {
  const list = repeatedBy(
    name,
    blocks.length,
    (index) => `${index === 0} ${JSON.stringify(blocks[index])}`,
    (_, index) =>
      blockNode(blocks[index] ?? FEED_FORWARD, index === 0 ? before : channels, channels),
  );
  return { ...container(name, "Sequential"), children: list.children };
}

function blockNode(block: Block, from: number, to: number): ModuleNode {
  if (block.kind === "edge") return edgeResidual(from, to, block.expansion);
  if (block.kind === "attention") return mobileAttention(to, block);
  return invertedResidual("0", [from, to], block, { isScaled: true });
}

function norm(name: string, channels: number): ModuleNode {
  return container(name, "RmsNorm2d", { parameters: [{ name: "weight", shape: [channels] }] });
}

function normAct(name: string, channels: number, act: "GELU" | "Identity"): ModuleNode {
  return container(name, "RmsNormAct2d", {
    parameters: [{ name: "weight", shape: [channels] }],
    children: [leaf("drop", "Identity"), leaf("act", act)],
  });
}

/** timm pads strided convolutions by hand, in a class of its own. */
function strided(node: ModuleNode, isStrided: boolean): ModuleNode {
  return isStrided ? { ...node, type: "Conv2dSame" } : node;
}

function pointwise(name: string, from: number, to: number): ModuleNode {
  return conv(name, [from, to], [1, 1], { bias: false });
}

function depthwise(name: string, channels: number, kernel: Kernel): ModuleNode {
  return conv(name, [channels, channels], [kernel, kernel], { bias: false, groups: channels });
}

/** The first one of the network halves the picture; with its width it differs from those that follow. */
function edgeResidual(from: number, to: number, expansion: number): ModuleNode {
  const inner = from * expansion;
  return container("0", "EdgeResidual", {
    children: [
      strided(conv("conv_exp", [from, inner], [3, 3], { bias: false }), from !== to),
      normAct("bn1", inner, "GELU"),
      leaf("aa", "Identity"),
      leaf("se", "Identity"),
      pointwise("conv_pwl", inner, to),
      normAct("bn2", to, "Identity"),
      leaf("drop_path", "Identity"),
    ],
  });
}

function convNormAct(
  name: string,
  { node, channels, act }: { node: ModuleNode; channels: number; act: "GELU" | "Identity" },
): ModuleNode {
  return container(name, "ConvNormAct", { children: [node, normAct("bn", channels, act)] });
}

function invertedResidual(
  name: string,
  [from, to]: readonly [number, number],
  block: Block,
  { isScaled }: { readonly isScaled: boolean },
): ModuleNode {
  const { start, middle, expansion } =
    block.kind === "inverted" ? block : ({ start: 0, middle: 0, expansion: 2 } as const);
  const inner = from * expansion;
  return container(name, "UniversalInvertedResidual", {
    children: [
      start === 0
        ? leaf("dw_start", "Identity")
        : convNormAct("dw_start", {
            node: depthwise("conv", from, start),
            channels: from,
            act: "Identity",
          }),
      convNormAct("pw_exp", { node: pointwise("conv", from, inner), channels: inner, act: "GELU" }),
      middle === 0
        ? leaf("dw_mid", "Identity")
        : convNormAct("dw_mid", {
            node: strided(depthwise("conv", inner, middle), true),
            channels: inner,
            act: "GELU",
          }),
      leaf("se", "Identity"),
      convNormAct("pw_proj", { node: pointwise("conv", inner, to), channels: to, act: "Identity" }),
      leaf("dw_end", "Identity"),
      isScaled ? layerScale(to) : leaf("layer_scale", "Identity"),
      leaf("drop_path", "Identity"),
    ],
  });
}

function layerScale(channels: number): ModuleNode {
  return container("layer_scale", "LayerScale2d", {
    parameters: [{ name: "gamma", shape: [channels] }],
  });
}

/** Many heads of queries, one of keys and values. */
function mobileAttention(
  channels: number,
  { heads, headDim, isCoarse }: Extract<Block, { kind: "attention" }>,
): ModuleNode {
  const keys = (name: string): ModuleNode =>
    container(name, "Sequential", {
      children: [
        ...(isCoarse
          ? [strided(depthwise("down_conv", channels, 3), true), norm("norm", channels)]
          : []),
        pointwise("proj", channels, headDim),
      ],
    });
  return container("0", "MobileAttention", {
    children: [
      normAct("norm", channels, "Identity"),
      container("attn", "MultiQueryAttention2d", {
        children: [
          container("query", "Sequential", {
            children: [pointwise("proj", channels, heads * headDim)],
          }),
          keys("key"),
          keys("value"),
          leaf("attn_drop", "Dropout"),
          container("output", "Sequential", {
            children: [pointwise("proj", heads * headDim, channels), leaf("drop", "Dropout")],
          }),
        ],
      }),
      layerScale(channels),
      leaf("drop_path", "Identity"),
    ],
  });
}
