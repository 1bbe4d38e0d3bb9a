/** Nodes whose gradients are complete, the latest recorded first (a binary heap on the sequence number). */

import type { Node } from "./tensor.js";

export class ReadyQueue {
  private readonly heap: Node[] = [];

  push(node: Node): void {
    const { heap } = this;
    heap.push(node);
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.sequenceAt(parent) >= this.sequenceAt(child)) return;
      this.swap(parent, child);
      child = parent;
    }
  }

  pop(): Node | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    heap[0] = last;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      let largest = parent;
      if (this.sequenceAt(left) > this.sequenceAt(largest)) largest = left;
      if (this.sequenceAt(right) > this.sequenceAt(largest)) largest = right;
      if (largest === parent) return top;
      this.swap(parent, largest);
      parent = largest;
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
