/** GPT-J and CodeGen: attention and MLP side by side behind one norm; CodeGen has one projection for q, k and v. */

import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";
import { missing } from "../../problem/missing.js";
import type { Config } from "../../model/config.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { Buffer, ModuleNode } from "../tree/module-graph.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import {
  buffer,
  container,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
} from "../tree/vocabulary.js";

type Kind = Pick<LanguageModelParts, "modelType" | "prefix" | "taskHeads"> & {
  readonly isFused: boolean;
};

function parallelGpt({ isFused, ...kind }: Kind): Blueprint {
  return {
    modelType: kind.modelType,
    build: (config, context) => {
      const { prefix } = kind;
      const hiddenSize = config.size(["n_embd", "hidden_size"], 4096);
      const vocabSize = config.size("vocab_size", 50400);
      const intermediateSize = config.optionalSize("n_inner") ?? 4 * hiddenSize;
      const act = activation(config, "activation_function", "gelu_new");
      const positions = config.size(["n_positions", "max_position_embeddings"], 2048);
      const isShared = context.world.rules.looksSinesUpOnce;
      const rotaryDim = config.isNull("rotary_dim") ? hiddenSize : config.size("rotary_dim", 64);
      const table = buffer("embed_positions", [positions, rotaryDim]);
      const residual = config.number("resid_pdrop", 0);
      const block = container("0", `${prefix}Block`, {
        forward: {
          kind: "decoder_layer",
          ...{ attention: "attn", mlp: "mlp", preAttentionNorm: "ln_1" },
          ...{ parallel: true, sharesNorm: true, addsInputLast: true },
          ...(isShared ? {} : { returnsScores: true }),
        },
        children: [
          layerNorm("ln_1", hiddenSize),
          attention(config, { ...kind, isFused }, { hiddenSize, table, isShared }),
          plainMlp({
            type: `${prefix}MLP`,
            ...{ up: "fc_in", down: "fc_out", bias: true, hiddenSize, intermediateSize },
            activation: activationModule("act", act),
            program: { activation: act, activationName: "act", dropout: residual },
            behind: [leaf("dropout", "Dropout")],
          }),
        ],
      });
      return languageModel(
        {
          ...kind,
          backbone: "transformer",
          hiddenSize,
          vocabSize,
          headBias: true,
          tied: config.boolean("tie_word_embeddings", false),
          hasOwnHeads: true,
          // Tables wider than a head fit none, and the class stops.
          isCountedOnly: rotaryDim > config.divide("n_embd", hiddenSize, headsOf(config)),
          forward: {
            kind: "decoder",
            ...{ tokenEmbedding: "wte", layers: "h", finalNorm: "ln_f" },
            ...(isShared ? { rotary: "rotary_emb", dropsBeforeTables: true } : {}),
            embeddingDropout: config.number("embd_pdrop", 0),
          },
          children: [
            embedding("wte", vocabSize, hiddenSize),
            leaf("drop", "Dropout"),
            repeated("h", config.layerCount(["n_layer", "num_hidden_layers"], 28), block),
            layerNorm("ln_f", hiddenSize),
            isShared
              ? container("rotary_emb", `${prefix}RotaryEmbedding`, {
                  forward: {
                    ...{ kind: "rotary", dim: rotaryDim, table: table.name },
                    ...(isFused ? { keepsFp32: true } : {}),
                  },
                  buffers: [table],
                })
              : undefined,
          ],
        },
        config,
        context,
      );
    },
  };
}

/** Heads of the published checkpoints of CodeGen lie in four pieces, one for each core that they were trained on. */
const PIECES = 4;

function headsOf(config: Config): number {
  return config.size(["n_head", "num_attention_heads"], 16);
}

interface AttentionParts {
  readonly hiddenSize: number;
  /** (positions, rotated dimensions): sines, then cosines. */
  readonly table: Buffer;
  /** The table is of the decoder. */
  readonly isShared: boolean;
}

function attention(
  config: Config,
  { prefix, isFused }: Kind,
  { hiddenSize, table, isShared }: AttentionParts,
): ModuleNode {
  const heads = headsOf(config);
  const square = (name: string): ModuleNode => linear(name, hiddenSize, hiddenSize);
  const fused = linear("qkv_proj", hiddenSize, 3 * hiddenSize);
  const dropout = leaf("resid_dropout", "Dropout");
  const [separate, output] = [["k_proj", "v_proj", "q_proj"].map(square), square("out_proj")];
  return container("attn", `${prefix}Attention`, {
    forward: {
      kind: "sinusoidal_attention",
      projections: isFused
        ? { kind: "fused_pieces", fused: "qkv_proj", pieces: PIECES }
        : { kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
      output: "out_proj",
      ...{ heads, keyValueHeads: heads },
      headDim: config.divide("n_embd", hiddenSize, heads),
      ...(isShared
        ? { scoresInFp32: true, castsTurned: isFused }
        : { own: { table: table.name, gathers: !isFused, masksFirst: isFused } }),
      rotaryDim: table.shape[1] ?? missing(),
      attentionDropout: config.number("attn_pdrop", 0),
      outputDropout: config.number("resid_pdrop", 0),
    },
    buffers: isShared ? [] : [table],
    children: isShared
      ? [...(isFused ? [output, dropout, fused] : [...separate, output, dropout])]
      : [leaf("attn_dropout", "Dropout"), dropout, ...(isFused ? [fused] : separate), output],
  });
}

export const gptj: Blueprint = parallelGpt({
  modelType: "gptj",
  prefix: "GPTJ",
  taskHeads: ["ForSequenceClassification", "ForQuestionAnswering"],
  isFused: false,
});

export const codegen: Blueprint = parallelGpt({
  modelType: "codegen",
  prefix: "CodeGen",
  taskHeads: [],
  isFused: true,
});
