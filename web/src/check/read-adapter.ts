/** Reads what the reader chose of an adapter: its configuration whole, of its tensors the header alone. */

import {
  HEADER_LENGTH_BYTES,
  headerEnd,
  MAX_TEXT_BYTES,
  parseHeader,
  parseJson,
  rejectSize,
} from "lora-calc";
import type { AdapterFiles } from "lora-calc";

export async function readAdapterFile(file: File): Promise<Partial<AdapterFiles>> {
  return file.name.endsWith(".safetensors") ? readTensors(file) : readConfig(file);
}

async function readConfig(file: File): Promise<Partial<AdapterFiles>> {
  // The size is checked before a byte is read: a file of any size may be chosen.
  if (file.size > MAX_TEXT_BYTES) rejectSize(file.name, file.size);
  return { config: parseJson(await file.text(), file.name) };
}

async function readTensors(file: File): Promise<Partial<AdapterFiles>> {
  const start = new Uint8Array(await file.slice(0, HEADER_LENGTH_BYTES).arrayBuffer());
  const end = headerEnd(start, file.name, file.size);
  const text = await file.slice(HEADER_LENGTH_BYTES, end).text();
  return { header: parseHeader(text, file.name), headerBytes: end, fileBytes: file.size };
}
