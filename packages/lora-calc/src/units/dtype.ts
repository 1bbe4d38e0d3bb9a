/** Storage types of scalars, as PyTorch names them, and the only bridge from elements to bytes. */

export type Dtype =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "float8_e4m3fn"
  | "complex64"
  | "int64"
  | "int32"
  | "int8"
  | "uint8"
  | "uint64"
  | "bool";

const BYTES_PER_ELEMENT: Readonly<Record<Dtype, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float8_e4m3fn: 1,
  complex64: 8,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  uint64: 8,
  bool: 1,
};

/** Bytes of one element. Unit: bytes. */
export function bytesPerElement(dtype: Dtype): number {
  return BYTES_PER_ELEMENT[dtype];
}

/** Bytes of `elements` scalars stored as `dtype`. Unit: bytes, exact. */
export function bytesOf(elements: number, dtype: Dtype): number {
  return elements * BYTES_PER_ELEMENT[dtype];
}

/** Number of elements of a tensor; a scalar has shape `[]` and one element. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

export function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(BYTES_PER_ELEMENT, value);
}
