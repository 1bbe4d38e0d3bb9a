/** T5 and mT5: relative positions in the first block, three sublayers in a list, one embedding for everything. */

import { encoderDecoder } from "../blocks/encoder-decoder.js";
import type { ModelClass } from "../blocks/model-classes.js";
import { t5Block } from "../blocks/t5-block.js";
import type { T5Kind } from "../blocks/t5-block.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, leaf, linear, repeatedBy, rmsNorm } from "../tree/vocabulary.js";

function t5Like(kind: T5Kind): Blueprint {
  const { modelType, prefix } = kind;
  return {
    modelType,
    build: (config, context) => {
      const hiddenSize = config.size(["d_model", "hidden_size"], 512);
      const vocabSize = config.size("vocab_size", kind.vocabSize);
      const layers = config.layerCount(["num_layers", "num_hidden_layers"], kind.layers);
      const decoderLayers = config.has("num_decoder_layers")
        ? config.layerCount("num_decoder_layers", layers)
        : layers;
      const stacks: Stacks = {
        shared: embedding("shared", vocabSize, hiddenSize),
        stack: (name, owner) =>
          container(name, `${prefix}Stack`, {
            forward: {
              kind: "biased_stack",
              ...{ tokenEmbedding: "embed_tokens", layers: "block", finalNorm: "final_layer_norm" },
              dropout: config.number("dropout_rate", 0.1),
              isDecoder: name === "decoder",
            },
            children: [
              embedding("embed_tokens", vocabSize, hiddenSize, {
                tiedTo: `${owner}shared.weight`,
              }),
              repeatedBy(
                "block",
                name === "encoder" ? layers : decoderLayers,
                (index) => (index === 0 ? "first" : "other"),
                (place) => t5Block(kind, config, name === "decoder", place === "first"),
              ),
              rmsNorm("final_layer_norm", `${prefix}LayerNorm`, hiddenSize, "copied_variance"),
              leaf("dropout", "Dropout"),
            ],
          }),
      };
      const graph = encoderDecoder(
        {
          modelType,
          generation: `${prefix}ForConditionalGeneration`,
          base: `${prefix}Model`,
          classOfTask: {
            SEQ_CLS: `${prefix}ForSequenceClassification`,
            TOKEN_CLS: `${prefix}ForTokenClassification`,
            QUESTION_ANS: `${prefix}ForQuestionAnswering`,
          },
          sizes: { layers, hiddenSize, keyValueSize: hiddenSize },
          neverQuantized: ["wo"],
          classes: {
            ...plainClasses(prefix, stacks, {
              ...{ hiddenSize, vocabSize },
              scalesOutput: kind.scalesTied && config.boolean("tie_word_embeddings", true),
            }),
            ...headedClasses(prefix, stacks, hiddenSize, labelCount(config)),
          },
        },
        context,
      );
      // T5 v1.1 and its kin say false and save an own head; the class ties it whatever the configuration says.
      return config.boolean("tie_word_embeddings", true)
        ? graph
        : { ...graph, storesOwnHead: true };
    },
  };
}

interface Stacks {
  readonly shared: ModuleNode;
  /** `owner` is the path in front of the stack. */
  readonly stack: (name: "encoder" | "decoder", owner: string) => ModuleNode;
}

type Classes = Readonly<Record<string, () => ModelClass>>;

function both({ shared, stack }: Stacks, owner: string): readonly ModuleNode[] {
  return [shared, stack("encoder", owner), stack("decoder", owner)];
}

function encoderOnly({ shared, stack }: Stacks, owner: string): readonly ModuleNode[] {
  return [shared, stack("encoder", owner)];
}

const SHARING = ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];

/** Names of the one embedding in the first modules of `SHARING`. */
function tiedIn(owner: string, count: number): readonly string[] {
  return SHARING.slice(0, count).map((name) => owner + name);
}

interface HeadSizes {
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly scalesOutput: boolean;
}

function plainClasses(
  prefix: string,
  stacks: Stacks,
  { hiddenSize, vocabSize, scalesOutput }: HeadSizes,
): Classes {
  const inputEmbedding = "shared";
  return {
    [`${prefix}Model`]: () => ({ children: both(stacks, ""), inputEmbedding, tied: SHARING }),
    [`${prefix}EncoderModel`]: () => ({
      children: encoderOnly(stacks, ""),
      inputEmbedding,
      tied: tiedIn("", 2),
    }),
    [`${prefix}ForConditionalGeneration`]: () => ({
      children: [
        ...both(stacks, ""),
        linear("lm_head", hiddenSize, vocabSize, { tiedTo: "shared.weight" }),
      ],
      forward: {
        kind: "encoder_decoder",
        ...{ encoder: "encoder", decoder: "decoder", head: "lm_head" },
        ...(scalesOutput ? { scalesOutput } : {}),
      },
      inputEmbedding,
      outputEmbedding: "lm_head",
      tied: [...SHARING, "lm_head.weight"],
    }),
  };
}

function headedClasses(
  prefix: string,
  stacks: Stacks,
  hiddenSize: number,
  labels: number,
): Classes {
  const owner = "transformer.";
  const inside = (type: string, children: readonly ModuleNode[]) =>
    container("transformer", type, { children });
  const head = (name: string) => linear(name, hiddenSize, labels, { bias: true });
  const hidden = { inputEmbedding: "transformer.shared", hidesTies: true };
  return {
    [`${prefix}ForQuestionAnswering`]: () => ({
      children: [...both(stacks, ""), head("qa_outputs")],
      inputEmbedding: "shared",
      tied: SHARING,
    }),
    [`${prefix}ForSequenceClassification`]: () => ({
      ...hidden,
      children: [
        inside(`${prefix}Model`, both(stacks, owner)),
        container("classification_head", `${prefix}ClassificationHead`, {
          children: [
            linear("dense", hiddenSize, hiddenSize, { bias: true }),
            leaf("dropout", "Dropout"),
            head("out_proj"),
          ],
        }),
      ],
      tied: tiedIn(owner, 3),
    }),
    [`${prefix}ForTokenClassification`]: () => ({
      ...hidden,
      children: [
        inside(`${prefix}EncoderModel`, encoderOnly(stacks, owner)),
        leaf("dropout", "Dropout"),
        head("classifier"),
      ],
      tied: tiedIn(owner, 2),
    }),
  };
}

export const t5: Blueprint = t5Like({
  modelType: "t5",
  prefix: "T5",
  vocabSize: 32128,
  innerSize: 2048,
  layers: 6,
  heads: 8,
  feedForward: "relu",
  scalesTied: true,
});

export const mt5: Blueprint = t5Like({
  modelType: "mt5",
  prefix: "MT5",
  vocabSize: 250112,
  innerSize: 1024,
  layers: 8,
  heads: 6,
  feedForward: "gated-gelu",
  scalesTied: false,
});
