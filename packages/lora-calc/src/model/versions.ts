/** Library versions as inputs: their rules for counting, for module names and for kernels differ. */

import type { Fields } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { VERSION } from "../version.js";

/** Releases whose behaviour is implemented and checked, the default first; patch releases count as their minor one. */
const KNOWN = {
  peft: ["0.21.0"],
  transformers: ["5.18.0", "4.57.6"],
  torch: ["2.13.0"],
  /** Of the torch wheel: it decides whether cuDNN's attention comes first. */
  cuda: ["13.0", "13.2", "12.6"],
  bitsandbytes: ["0.48.2"],
} as const;
type Library = keyof typeof KNOWN;

export interface Versions {
  readonly peft: string;
  readonly transformers: string;
  readonly transformersMajor: number;
  /** CUDA of the torch wheel; undefined when nobody named it. */
  readonly cuda: string | undefined;
  /** As the result shows them. */
  readonly named: Readonly<Record<string, string>>;
}

/** Reads `scenario.versions`; absent ones are the defaults, others than the known ones are refused with the nearest. */
export function readVersions(given: Fields | undefined): Versions {
  given?.rejectUnknown(Object.keys(KNOWN));
  const peft = knownVersion(given, "peft") ?? KNOWN.peft[0];
  const transformers = knownVersion(given, "transformers") ?? KNOWN.transformers[0];
  const others = (["torch", "cuda", "bitsandbytes"] as const).flatMap((library) => {
    const text = knownVersion(given, library);
    return text === undefined ? [] : [[library, text] as const];
  });
  const typed: Readonly<Record<string, string>> = Object.fromEntries(others);
  return {
    peft,
    transformers,
    transformersMajor: Number(transformers.split(".")[0]),
    cuda: typed["cuda"],
    named: { "lora-calc": VERSION, peft, transformers, ...typed },
  };
}

function knownVersion(given: Fields | undefined, library: Library): string | undefined {
  const text = given?.string(library);
  if (text === undefined) return undefined;
  const known: readonly string[] = KNOWN[library];
  if (known.some((release) => minorOf(release) === minorOf(text))) return text;
  const nearest = nearestRelease(text, known);
  reject({
    code: "invalid_value",
    path: `versions.${library}`,
    message: `${library} ${text} is no release that is known here; the nearest is ${nearest}, and leaving versions.${library} out means ${known[0] ?? ""}`,
    received: text,
    expected: known,
    nearest,
  });
}

/** `5.18` of `5.18.0`, `5.18.0.dev0` and `5.18`. */
function minorOf(release: string): string | undefined {
  return /^(\d+\.\d+)(?:$|[.+-])/.exec(release)?.[1];
}

function nearestRelease(text: string, known: readonly string[]): string {
  const distance = (release: string): number => {
    const [major = 0, minor = 0] = release.split(".").map(Number);
    const [wantedMajor = 0, wantedMinor = 0] = text.split(".").map((part) => parseInt(part, 10));
    const apart = 1000 * Math.abs(major - wantedMajor) + Math.abs(minor - wantedMinor);
    return Number.isNaN(apart) ? 0 : apart;
  };
  return [...known].sort((left, right) => distance(left) - distance(right))[0] ?? "";
}
