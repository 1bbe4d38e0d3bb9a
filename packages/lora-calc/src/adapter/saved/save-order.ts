/** The order of tensors in a safetensors file of one dtype: by name, letter for letter, so layer 10 comes before 2. */

import type { SavedTensor } from "./saved-tensors.js";

const IS_INDEX = /^\d+$/;

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
  const keyed: { name: string; key: string; child: Branch<Tensor> }[] = [];
  const lists = [...repeated];
  for (const [name, child] of named) {
    // A layer that is unlike the others stands by its number.
    if (IS_INDEX.test(name)) lists.push([[Number(name)], child]);
    else keyed.push({ name, key: `${name}.`, child: sorted(child) });
  }
  for (const { index, child } of ofIndices(lists)) {
    keyed.push({ name: String(index), key: `${index}.`, child });
  }
  keyed.sort((left, right) => (left.key < right.key ? -1 : 1));
  return { tensors, children: keyed.map(({ name, child }) => [name, child]) };
}

interface IndexBranch<Tensor> {
  readonly index: number;
  readonly child: Branch<Tensor>;
}

/** One branch per index: what all lists with that index hold. Indices of the same lists share their branch. */
function ofIndices<Tensor>(
  lists: readonly (readonly [readonly number[], Growing<Tensor>])[],
): readonly IndexBranch<Tensor>[] {
  const owners = new Map<number, readonly number[]>();
  lists.forEach(([indices], position) => {
    for (const index of indices) owners.set(index, [...(owners.get(index) ?? []), position]);
  });
  const known = new Map<string, Branch<Tensor>>();
  return Array.from(owners, ([index, positions]) => {
    const key = positions.join();
    const own = lists.filter((_, position) => positions.includes(position)).map(([, of]) => of);
    const child = known.get(key) ?? sorted(joined(own));
    known.set(key, child);
    return { index, child };
  });
}

function joined<Tensor>(parts: readonly Growing<Tensor>[]): Growing<Tensor> {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  return {
    tensors: parts.flatMap(({ tensors }) => tensors),
    named: joinedByKey(parts.map(({ named }) => named)),
    repeated: joinedByKey(parts.map(({ repeated }) => repeated)),
  };
}

function joinedByKey<Key, Tensor>(
  maps: readonly ReadonlyMap<Key, Growing<Tensor>>[],
): Map<Key, Growing<Tensor>> {
  const keys = new Set(maps.flatMap((map) => [...map.keys()]));
  const under = (key: Key): readonly Growing<Tensor>[] => maps.flatMap((map) => map.get(key) ?? []);
  return new Map(Array.from(keys, (key) => [key, joined(under(key))]));
}
