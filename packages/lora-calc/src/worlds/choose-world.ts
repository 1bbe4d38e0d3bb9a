/** Which world a run is computed in: by the versions that are typed, then by those of its stack. */

import type { Fields } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import type { Assumed, ResultVersions } from "../result.js";
import { VERSION } from "../version.js";
import { listWorlds, USUAL_WORLD } from "./index.js";
import { isSameMinor, LIBRARIES } from "./world.js";
import type { Library, StackReleases, TorchWheel, World } from "./world.js";

export interface ChosenWorld {
  readonly world: World;
  /** The world is the nearest to what the stack runs, which no world covers. */
  readonly isNearest: boolean;
  /** The torch that runs, and the CUDA of its wheel: as typed, else the usual ones of the world. */
  readonly wheel: TorchWheel;
  /** Of these two, the ones that somebody named. */
  readonly namedWheel: Partial<TorchWheel>;
  /** That runs: as typed, else the usual one of the world. */
  readonly bitsandbytes: string;
  /** As the result shows them. */
  readonly named: Omit<ResultVersions, "profile">;
  readonly assumed: readonly Assumed[];
}

/** Reads `scenario.versions`. A typed release that no world lists is refused with the nearest. */
export function chooseWorld(given?: Fields, stack?: StackReleases): ChosenWorld {
  return given === undefined && stack === undefined ? UNASKED : choose(given, stack);
}

function choose(given: Fields | undefined, stack: StackReleases | undefined): ChosenWorld {
  given?.rejectUnknown(LIBRARIES);
  const typed = LIBRARIES.flatMap((library) => {
    const release = knownRelease(given, library);
    return release === undefined ? [] : [[library, release] as const];
  });
  const possible = listWorlds().filter((world) =>
    typed.every(([library, release]) => lists(world, library, release)),
  );
  if (possible.length === 0) rejectPair(typed);
  const wanted = stack && {
    ...stack,
    releases: { ...stack.releases, ...Object.fromEntries(typed) },
  };
  const { world, isNearest } = ofStack(possible, wanted);
  const { peft, transformers, bitsandbytes, torch, cuda } = world.releases;
  const typedOf = (wanted: Library): string | undefined =>
    typed.find(([library]) => library === wanted)?.[1];
  return {
    ...{ world, isNearest },
    wheel: { torch: typedOf("torch") ?? torch[0], cuda: typedOf("cuda") ?? cuda[0] },
    namedWheel: Object.fromEntries(typed.filter(([name]) => name === "torch" || name === "cuda")),
    bitsandbytes: typedOf("bitsandbytes") ?? bitsandbytes[0],
    named: {
      ...{ "lora-calc": VERSION, peft: peft[0], transformers: transformers[0] },
      ...Object.fromEntries(typed),
    },
    assumed: isNearest && wanted !== undefined ? assumedOf(world, wanted) : [],
  };
}

/** Where nobody names a version. */
const UNASKED = choose(undefined, undefined);

function lists({ releases }: World, library: Library, release: string): boolean {
  return releases[library].some((known) => isSameMinor(known, release));
}

/** Of the worlds that are left, the one of the stack, or the nearest to it. */
function ofStack(
  possible: readonly World[],
  stack: StackReleases | undefined,
): Pick<ChosenWorld, "world" | "isNearest"> {
  const [first = USUAL_WORLD] = possible;
  if (stack === undefined) return { world: first, isNearest: false };
  const same = possible.find((world) => differences(world, stack).length === 0);
  if (same !== undefined) return { world: same, isNearest: false };
  const wanted = stack.releases.transformers ?? first.releases.transformers[0];
  const nearest = [...possible].sort(
    (left, right) =>
      apart(left.releases.transformers[0], wanted) - apart(right.releases.transformers[0], wanted),
  )[0];
  return { world: nearest ?? first, isNearest: true };
}

type Difference = readonly [library: string, ours: string, theirs: string];

function differences({ releases, trl }: World, stack: StackReleases): readonly Difference[] {
  const pairs: readonly (readonly [string, string, string | undefined])[] = [
    ["transformers", releases.transformers[0], stack.releases.transformers],
    ["peft", releases.peft[0], stack.releases.peft],
    ["trl", trl, stack.releases.trl],
  ];
  return pairs.flatMap(([library, ours, theirs]) =>
    theirs === undefined || isSameMinor(ours, theirs) ? [] : [[library, ours, theirs] as const],
  );
}

function assumedOf(world: World, stack: StackReleases): readonly Assumed[] {
  return differences(world, stack).map(([library, ours, theirs]) => ({
    // TRL's release follows from the stack; a scenario does not name it.
    path: library === "trl" ? "stack" : `versions.${library}`,
    value: library === "trl" ? `trl ${ours}` : ours,
    reason: `${stack.name} runs ${library} ${theirs}, which is not compared here: the nearest is computed`,
  }));
}

function knownRelease(given: Fields | undefined, library: Library): string | undefined {
  const text = given?.string(library);
  if (text === undefined) return undefined;
  const known = [...new Set(listWorlds().flatMap(({ releases }) => releases[library]))];
  if (known.some((release) => isSameMinor(release, text))) return text;
  const [nearest = ""] = [...known].sort((left, right) => apart(left, text) - apart(right, text));
  reject({
    code: "invalid_value",
    path: `versions.${library}`,
    message: `${library} ${text} is no release that is known here; the nearest is ${nearest}, and leaving versions.${library} out means what the stack installs`,
    received: text,
    expected: known,
    nearest,
  });
}

/** Each is known, and no world has them together. */
function rejectPair(typed: readonly (readonly [Library, string])[]): never {
  const pairs = listWorlds().map(({ releases }) =>
    typed.map(([library]) => `${library} ${releases[library][0]}`).join(" with "),
  );
  reject({
    code: "invalid_value",
    path: "versions",
    message: `these versions are not compared together; computed are ${pairs.join(", or ")}`,
    received: Object.fromEntries(typed),
    expected: pairs,
  });
}

/** How far two releases lie apart; 0 where one is no release. */
function apart(left: string, right: string): number {
  const [major = 0, minor = 0] = left.split(".").map((part) => Number.parseInt(part, 10));
  const [otherMajor = 0, otherMinor = 0] = right
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  const distance = 1000 * Math.abs(major - otherMajor) + Math.abs(minor - otherMinor);
  return Number.isNaN(distance) ? 0 : distance;
}
