/** Which trainer runs a model under a setting. */

import type { BoundModule } from "../../load/bound-module.js";
import { embedsText } from "../../settings/model-defaults.js";
import type { Method } from "../../settings/training.js";
import { dpoTrainer } from "./dpo.js";
import { encoderTrainer } from "./encoders.js";
import { encoderDecoderTrainer } from "./encoder-decoder.js";
import { headTrainer } from "./heads.js";
import { imageClassificationTrainer } from "./image-classification.js";
import { pairsTrainer } from "./pairs.js";
import { sftTrainer } from "./sft.js";
import type { Trainer } from "./trainer.js";

const TRAINERS: Readonly<Record<Method, Trainer>> = { sft: sftTrainer, dpo: dpoTrainer };

export function trainerOf(method: Method, { node }: BoundModule): Trainer {
  const kind = node.forward?.kind;
  if (kind === "image_classifier") return imageClassificationTrainer;
  if (kind === "encoder_decoder") return encoderDecoderTrainer;
  if (kind === "masked_lm" || kind === "sequence_classifier") return encoderTrainer;
  if (kind === "last_token_classifier" || kind === "token_classifier" || kind === "answer_finder") {
    return headTrainer;
  }
  if (embedsText(node)) return pairsTrainer;
  return TRAINERS[method];
}
