/** What a file of tensors holds: how many, of which dtype, how large. */

import { formatCount } from "../units/format.js";
import { isSavedBase } from "./compare-tensors.js";
import type { Finding } from "./findings.js";
import { dataBytes, parametersOf } from "./read-tensors.js";
import type { FileTensors } from "./read-tensors.js";

export interface FileFacts {
  readonly tensors: number;
  /** Parameters of all tensors but frozen embeddings of the base. */
  readonly parameters: number;
  /** Parameters of frozen embeddings saved with the adapter. */
  readonly base_parameters: number;
  /** Tensors by dtype, as the header names it: F32, BF16. */
  readonly dtypes: Readonly<Record<string, number>>;
  /** Size of the whole file as its header says; absent where the length of the header was not given. Unit: bytes. */
  readonly bytes?: number;
}

interface Sizes {
  /** Whether the configuration trains a copy with this key. */
  readonly isAsked?: (key: string) => boolean;
  readonly header?: unknown;
  readonly headerBytes?: number;
  readonly fileBytes?: number;
}

export function describeFile(
  tensors: FileTensors,
  { isAsked = () => false, header, headerBytes, fileBytes }: Sizes,
): { readonly file: FileFacts; readonly findings: readonly Finding[] } {
  const bases = [...tensors].flatMap(([key, tensor]) =>
    isSavedBase(key, isAsked) ? [tensor] : [],
  );
  const dtypes = new Map<string, number>();
  for (const { dtype } of tensors.values()) dtypes.set(dtype, (dtypes.get(dtype) ?? 0) + 1);
  const bytes = headerBytes === undefined ? undefined : headerBytes + dataBytes(header);
  return {
    file: {
      tensors: tensors.size,
      parameters: parametersOf(tensors.values()) - parametersOf(bases),
      base_parameters: parametersOf(bases),
      dtypes: Object.fromEntries(dtypes),
      ...(bytes === undefined ? {} : { bytes }),
    },
    findings: bytes === undefined || fileBytes === undefined ? [] : sizeFinding(bytes, fileBytes),
  };
}

function sizeFinding(bytes: number, fileBytes: number): readonly Finding[] {
  if (bytes === fileBytes) return [];
  const difference = Math.abs(bytes - fileBytes);
  return [
    {
      code: "file_incomplete",
      level: "error",
      message: `the file has ${formatCount(fileBytes)} bytes, its header says ${formatCount(bytes)}: ${formatCount(difference)} are ${fileBytes < bytes ? "missing (an interrupted download?)" : "too many"}`,
    },
  ];
}
