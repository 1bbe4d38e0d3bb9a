/** A TrainJob of Kubeflow Trainer 2; the script travels in it. */

import { yamlText } from "../writers/yaml-text.js";
import type { Engine } from "./engine.js";

/** torchrun finds its machines by what the runtime sets. Source: kubeflow/trainer 2.3 manifests/base/runtimes/torch_distributed.yaml. */
export const KUBEFLOW: Engine = {
  release: "Kubeflow Trainer 2.3",
  fileName: "trainjob.yaml",
  command: "kubectl apply -f trainjob.yaml",
  toFill: "the image, with a CUDA that your cards run",
  write: ({ script, cards, nodes, packages }) =>
    yamlText({
      apiVersion: "trainer.kubeflow.org/v1alpha1",
      kind: "TrainJob",
      metadata: { name: "lora" },
      spec: {
        runtimeRef: { name: "torch-distributed" },
        trainer: {
          image: "pytorch/pytorch:2.10.0-cuda12.8-cudnn9-runtime",
          numNodes: nodes,
          numProcPerNode: cards,
          resourcesPerNode: { limits: { "nvidia.com/gpu": cards } },
          env: [{ name: "TRAIN_PY", value: escaped(script) }],
          command: ["bash", "-c"],
          args: [
            `pip install ${packages.join(" ")} && printf %s "$TRAIN_PY" > train.py && torchrun train.py`,
          ],
        },
      },
    }),
};

/** Kubernetes takes `$(NAME)` in a value for another variable, and `$$(` for `$(`. */
function escaped(text: string): string {
  return text.replaceAll("$(", () => "$$(");
}
