/** Whisper: BART's layers behind two convolutions over the spectrogram. */

import { decoderLayers, encoderLayers, readBartSizes } from "../blocks/bart-like.js";
import { encoderDecoder } from "../blocks/encoder-decoder.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, conv, embedding, layerNorm, linear } from "../tree/vocabulary.js";

const KIND = { prefix: "Whisper", keyBias: false };
const KERNEL = [3];

export const whisper: Blueprint = {
  modelType: "whisper",
  build: (config, context) => {
    const sizes = readBartSizes(config, {
      hiddenSize: 384,
      layers: 4,
      innerSize: 1536,
      activation: "gelu",
    });
    const { hiddenSize } = sizes;
    const vocabSize = config.size("vocab_size", 51865);
    const isTied = config.boolean("tie_word_embeddings", true);
    const encoder = container("encoder", "WhisperEncoder", {
      children: [
        conv("conv1", [config.size("num_mel_bins", 80), hiddenSize], KERNEL),
        conv("conv2", [hiddenSize, hiddenSize], KERNEL),
        embedding("embed_positions", config.size("max_source_positions", 1500), hiddenSize, {
          isFrozen: true,
        }),
        encoderLayers(KIND, sizes),
        layerNorm("layer_norm", hiddenSize),
      ],
    });
    const decoder = container("decoder", "WhisperDecoder", {
      children: [
        embedding("embed_tokens", vocabSize, hiddenSize),
        embedding("embed_positions", config.size("max_target_positions", 448), hiddenSize, {
          type: "WhisperPositionalEmbedding",
        }),
        decoderLayers(KIND, sizes),
        layerNorm("layer_norm", hiddenSize),
      ],
    });
    const word = "model.decoder.embed_tokens";
    return encoderDecoder(
      {
        modelType: "whisper",
        generation: "WhisperForConditionalGeneration",
        base: "WhisperModel",
        sizes: { layers: sizes.encoderLayers, hiddenSize, keyValueSize: hiddenSize },
        classes: {
          WhisperModel: () => ({
            children: [encoder, decoder],
            inputEmbedding: "decoder.embed_tokens",
          }),
          WhisperForConditionalGeneration: () => ({
            children: [
              container("model", "WhisperModel", { children: [encoder, decoder] }),
              linear("proj_out", hiddenSize, vocabSize, isTied ? { tiedTo: `${word}.weight` } : {}),
            ],
            inputEmbedding: word,
            outputEmbedding: "proj_out",
            tied: isTied ? [`${word}.weight`, "proj_out.weight"] : [],
          }),
          WhisperForAudioClassification: () => {
            const width = config.size("classifier_proj_size", 256);
            return {
              children: [
                encoder,
                linear("projector", hiddenSize, width, { bias: true }),
                linear("classifier", width, labelCount(config), { bias: true }),
              ],
              inputEmbedding: "encoder.conv1",
            };
          },
        },
      },
      context,
    );
  },
};
