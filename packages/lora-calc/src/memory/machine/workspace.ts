/** What cuBLAS takes for products. */

import type { Machine } from "./machine.js";

/** The workspace of the thread that runs: forward and backward have one each. It stays. */
export function cublasWorkspace(m: Machine, bytes: number): void {
  if (bytes === 0) return;
  m.withKind("workspace", () => m.retain(m.empty("cublas_workspace", [bytes], "uint8")));
}
