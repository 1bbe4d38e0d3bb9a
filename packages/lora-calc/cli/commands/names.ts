/** Names that commands choose between. The parser needs them before it loads a command. */

export const EXPORT_FORMATS = [
  "peft-python",
  "adapter-config",
  "trl-python",
  "trl-yaml",
  "axolotl",
  "llama-factory",
  "ms-swift",
  "litgpt",
  "mlx-lm",
  "unsloth",
  "accelerate",
  "slurm",
  "skypilot",
  "kubeflow",
  "hf-jobs",
  "markdown",
  "csv",
  "json",
  "link",
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const LIST_NAMES = [
  "models",
  "gpus",
  "recipes",
  "methods",
  "stacks",
  "worlds",
  "launchers",
] as const;
export type ListName = (typeof LIST_NAMES)[number];
