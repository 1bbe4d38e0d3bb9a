/** Table lookup. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

/** `F.embedding(indices, weight)`: (…,) → (…, dim); the gradient of a trainable table is a full table. */
export function embedding(m: Machine, indices: Tensor, weight: Tensor): Tensor {
  const node = m.track("EmbeddingBackward0", [weight]);
  if (node !== undefined) {
    m.save(node, indices);
    const { shape } = weight;
    node.backward = (gradient) => [m.empty("embedding_dense_backward", shape, gradient.dtype)];
  }
  const output = m.empty("embedding", [...indices.shape, weight.size(1)], weight.dtype);
  m.finish(node, [output], [weight]);
  return output;
}
