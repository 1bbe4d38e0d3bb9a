/** The order of tensors in a safetensors file of one dtype: by name, letter for letter, so layer 10 comes before 2. */

import type { SavedTensor } from "./saved-tensors.js";

type Named = Pick<SavedTensor, "pattern" | "indices">;

/** Tensors whose names share their first components, and the components that follow, in the order of the file. */
export interface Branch<Tensor> {
  readonly tensors: readonly Tensor[];
  /** Equal layers are one branch under several names. */
  readonly children: readonly (readonly [string, Branch<Tensor>])[];
}

interface Growing<Tensor> {
  readonly tensors: Tensor[];
  readonly named: Map<string, Growing<Tensor>>;
  /** By the list of indices, which equal layers share. */
  readonly repeated: Map<readonly number[], Growing<Tensor>>;
}

/** The tensors by the components of their names. */
export function saveOrder<Tensor extends Named>(tensors: readonly Tensor[]): Branch<Tensor> {
  const root = newBranch<Tensor>();
  for (const tensor of tensors) branchOf(root, tensor).tensors.push(tensor);
  return sorted(root);
}

function newBranch<Tensor>(): Growing<Tensor> {
  return { tensors: [], named: new Map(), repeated: new Map() };
}

function branchOf<Tensor extends Named>(root: Growing<Tensor>, tensor: Tensor): Growing<Tensor> {
  let branch = root;
  let depth = 0;
  for (const component of tensor.pattern.split(".")) {
    const repeat = component === "*" ? tensor.indices[depth++] : undefined;
    branch =
      repeat === undefined ? childOf(branch.named, component) : childOf(branch.repeated, repeat);
  }
  return branch;
}

function childOf<Key, Tensor>(children: Map<Key, Growing<Tensor>>, key: Key): Growing<Tensor> {
  const found = children.get(key) ?? newBranch();
  children.set(key, found);
  return found;
}

/** A component ends in a dot or in the end of the name, and the dot stands before letters and digits. */
function sorted<Tensor>({ tensors, named, repeated }: Growing<Tensor>): Branch<Tensor> {
  const keyed = Array.from(named, ([name, child]) => ({
    name,
    key: `${name}.`,
    child: sorted(child),
  }));
  for (const [indices, growing] of repeated) {
    const child = sorted(growing);
    for (const index of indices) keyed.push({ name: String(index), key: `${index}.`, child });
  }
  keyed.sort((left, right) => (left.key < right.key ? -1 : 1));
  return { tensors, children: keyed.map(({ name, child }) => [name, child]) };
}
