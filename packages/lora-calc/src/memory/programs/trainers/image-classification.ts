/**
 * transformers' Trainer over images with a label each.
 *
 * Source: transformers models/vit/modeling_vit.py `ViTForImageClassification`, loss/loss_utils.py.
 */

import { childOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { autocastToFloat, cast, withAutocast } from "../../machine/ops/cast.js";
import { logSoftmax, nllLoss } from "../../machine/ops/likelihood.js";
import { select } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callImageTower } from "../modules/image-tower.js";
import { callLinear } from "../modules/linear.js";
import type { PolicyRun, Trainer } from "./trainer.js";

export const imageClassificationTrainer: Trainer = (m, settings, policy) => {
  const { forward } = policy.node;
  if (forward?.kind !== "image_classifier") throw new Error("a model of images is needed");
  const { per_device_train_batch_size: images } = settings;
  const pixels = m.retain(m.empty("zeros", [images, ...forward.image], "float32"));
  const labels = m.retain(m.empty("zeros", [images], "int64"));
  return {
    tensors: [pixels, labels],
    loss: (machine, run) => classifierLoss(machine, run, pixels, labels),
  };
};

function classifierLoss(
  m: Machine,
  { policy, options, autocast, convertsOutputs }: PolicyRun,
  pixels: Tensor,
  labels: Tensor,
): readonly Tensor[] {
  return m.frame((frame) => {
    const [loss, logits] = withAutocast(m, autocast, () =>
      m.call<readonly [Tensor, Tensor]>(policy.path, [], (inner) => {
        const [tower, head] = partsOf(policy);
        const hidden = inner.hold(callImageTower(m, tower, pixels, options));
        return m.withKind("logits", () => {
          const pooled = inner.hold(select(m, hidden, 1));
          const scores = inner.hold(callLinear(m, head, pooled));
          const converted = inner.hold(autocastToFloat(m, scores));
          return [nllLoss(m, logSoftmax(m, converted), labels), scores];
        });
      }),
    );
    frame.hold(loss);
    frame.hold(logits);
    return [
      ...[loss, loss],
      m.withKind("logits", () => (convertsOutputs ? cast(m, logits, "float32") : logits)),
    ];
  });
}

function partsOf(model: BoundModule): readonly [tower: BoundModule, head: BoundModule] {
  const { forward } = model.node;
  if (forward?.kind !== "image_classifier") throw new Error(`${model.path} classifies no images`);
  return [childOf(model, forward.tower), childOf(model, forward.head)];
}
