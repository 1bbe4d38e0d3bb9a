/** Names and notes of the rows and parts of memory. */

import type { MemoryRowName } from "lora-calc";

export const ROWS: Readonly<Record<MemoryRowName, string>> = {
  weights: "Weights",
  adapters: "Adapters",
  optimizer: "Optimizer",
  gradients: "Gradients",
  checkpoints: "Checkpoints",
  activations: "Activations",
  logits: "Logits and loss",
  workspace: "Workspace",
  cache: "PyTorch's cache",
  context: "CUDA context",
};

export const ROW_NOTES: Readonly<Record<MemoryRowName, string>> = {
  weights: "The frozen base, as it is stored.",
  adapters: "A and B of every adapted module, and copies trained in full.",
  optimizer: "Two running averages per trained parameter with AdamW; frozen weights have none.",
  gradients:
    "One per trained parameter once backward has passed it; few are alive at this peak if backward has just begun.",
  checkpoints: "One hidden state per layer, kept until backward needs it.",
  activations: "What the layers at work keep for their backward, and what they are computing.",
  logits: "A score per token and vocabulary entry, and what the loss keeps.",
  workspace: "Weights unpacked for one product, buffers of cuBLAS, and the batch.",
  cache: "Blocks that PyTorch's allocator holds and no tensor uses: reserved less allocated.",
  context: "What CUDA itself takes for a process on this card.",
};

export const PARTS: Readonly<Record<string, string>> = {
  reference: "weights of the reference model",
  communication: "buckets of gradients for the other cards",
  nccl: "NCCL's buffers",
  adapter_a: "A of the adapters",
  adapter_b: "B of the adapters",
  adapter_other: "trained beside A and B",
  workspace: "workspaces, unpacked weights",
  cuda_context: "CUDA context",
  allocator_cache: "cache of PyTorch's allocator",
  paged_optimizer: "paged optimizer",
};
