/** accelerate's configuration: one process per card, each with the whole model (DDP). */

import { yamlText } from "../writers/yaml-text.js";
import type { Engine } from "./engine.js";

export const ACCELERATE: Engine = {
  release: "accelerate 1.15",
  fileName: "accelerate.yaml",
  command: "accelerate launch --config_file accelerate.yaml train.py",
  toFill: "main_process_ip and machine_rank, where there are several machines",
  write: ({ cards, nodes }) =>
    yamlText({
      compute_environment: "LOCAL_MACHINE",
      distributed_type: cards * nodes > 1 ? "MULTI_GPU" : "NO",
      // The script says its own; a bare no would be false to Python's YAML.
      mixed_precision: "no",
      num_machines: nodes,
      num_processes: cards * nodes,
      machine_rank: 0,
      ...(nodes === 1 ? {} : { main_process_ip: "10.0.0.1", main_process_port: 29_500 }),
      rdzv_backend: "static",
      same_network: true,
      use_cpu: false,
    }),
};
