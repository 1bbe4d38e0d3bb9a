/**
 * Nodes whose gradients are complete, the latest recorded first: a binary heap on the sequence number. Accumulators are all
 * equal, and leave it in the order in which libstdc++'s heap happens to hold them.
 *
 * Source: torch/csrc/autograd/engine.h `ReadyQueue` (std::priority_queue); libstdc++ bits/stl_heap.h `__adjust_heap`.
 */

import type { Node } from "./tensor.js";

export class ReadyQueue {
  private readonly heap: Node[] = [];

  push(node: Node): void {
    this.heap.push(node);
    this.rise(this.heap.length - 1);
  }

  /** The hole at the top sinks to the bottom, by the right child of two equal ones, and what was last rises from there. */
  pop(): Node | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let hole = 0;
    for (let right = 2; right <= heap.length; right = 2 * hole + 2) {
      const isLeft = right === heap.length || this.sequenceAt(right) < this.sequenceAt(right - 1);
      const larger = isLeft ? right - 1 : right;
      this.swap(hole, larger);
      hole = larger;
    }
    heap[hole] = last;
    this.rise(hole);
    return top;
  }

  private rise(from: number): void {
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.sequenceAt(parent) >= this.sequenceAt(child)) return;
      this.swap(parent, child);
      child = parent;
    }
  }

  private sequenceAt(index: number): number {
    return this.heap[index]?.sequence ?? -1;
  }

  private swap(left: number, right: number): void {
    const first = this.heap[left];
    const second = this.heap[right];
    if (first === undefined || second === undefined) return;
    this.heap[left] = second;
    this.heap[right] = first;
  }
}
