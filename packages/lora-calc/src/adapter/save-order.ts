/** The order of tensors in a safetensors file of one dtype: by name, letter for letter, so layer 10 comes before 2. */

import type { SavedTensor } from "./saved-tensors.js";

export interface Placed {
  readonly nameLength: number;
  readonly tensor: SavedTensor;
}

/** Tensors whose names share their first components. */
interface Branch {
  readonly tensors: SavedTensor[];
  readonly named: Map<string, Branch>;
  /** By the list of indices, which equal layers share. */
  readonly repeated: Map<readonly number[], Branch>;
  /** Children in the order of the file, once it is asked for. */
  order?: readonly (readonly [string, Branch])[];
}

/** Every tensor with the length of its full name. Walks names component by component; equal layers are sorted once. */
export function saveOrder(tensors: readonly SavedTensor[]): readonly Placed[] {
  const root = newBranch();
  for (const tensor of tensors) branchOf(root, tensor).tensors.push(tensor);
  const placed: Placed[] = [];
  visit(root, -1, placed);
  return placed;
}

function newBranch(): Branch {
  return { tensors: [], named: new Map(), repeated: new Map() };
}

function branchOf(root: Branch, { pattern, indices }: SavedTensor): Branch {
  let branch = root;
  let depth = 0;
  for (const component of pattern.split(".")) {
    const repeat = component === "*" ? indices[depth++] : undefined;
    branch =
      repeat === undefined ? childOf(branch.named, component) : childOf(branch.repeated, repeat);
  }
  return branch;
}

function childOf<Key>(children: Map<Key, Branch>, key: Key): Branch {
  const found = children.get(key) ?? newBranch();
  children.set(key, found);
  return found;
}

function visit(branch: Branch, length: number, placed: Placed[]): void {
  for (const tensor of branch.tensors) placed.push({ nameLength: length, tensor });
  branch.order ??= childrenInOrder(branch);
  for (const [name, child] of branch.order) {
    visit(child, length + 1 + name.length, placed);
  }
}

/** A component ends in a dot or in the end of the name, and the dot stands before letters and digits. */
function childrenInOrder({ named, repeated }: Branch): readonly (readonly [string, Branch])[] {
  const children: (readonly [string, Branch])[] = [...named];
  for (const [indices, child] of repeated) {
    for (const index of indices) children.push([String(index), child]);
  }
  return children.sort(([left], [right]) => (`${left}.` < `${right}.` ? -1 : 1));
}
