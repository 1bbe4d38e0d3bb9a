/** What an audit can find. Codes are never renamed. */

export const FINDING_CODES = {
  other_tool: "The configuration was written by another tool than PEFT.",
  removed_field: "A field that early releases of PEFT had; it decides nothing any more.",
  unknown_field: "A field that PEFT does not have; it is dropped when the file is loaded.",
  needs_newer_peft: "Releases of PEFT before the named one stop at some fields of the file.",
  base_not_named: "The file does not say which model it belongs to.",
  base_unknown: "The base model is not in the catalogue, or not in the class that the file names.",
  refused: "PEFT refuses the configuration on this base.",
  reach: "The configuration reaches less or more of the model than its names suggest.",
  old_key_format: "The keys of the tensors carry parts that PEFT does not write.",
  old_module_names: "Tensors have the names that modules had before transformers 5.",
  missing_tensors: "Tensors that the configuration asks for are not in the file.",
  unexpected_tensors: "The file has tensors that the configuration does not ask for.",
  shape_differs: "Tensors have other shapes than the configuration asks for.",
  empty_tensors: "Tensors without elements, as a sharded model saves them.",
  saved_base: "The file holds frozen weights of the base model beside the adapter.",
  saved_twice: "Weights that two names share are in the file twice and are counted once.",
  saved_in_part: "Part of what was trained is not in the file, as PEFT means it.",
  file_incomplete: "The file is shorter or longer than its header says.",
} as const satisfies Record<string, string>;

export type FindingCode = keyof typeof FINDING_CODES;

/** `error`: PEFT cannot load the adapter, or loads it wrongly. `warning`: read this. `note`: good to know. */
export type FindingLevel = "error" | "warning" | "note";

export interface Finding {
  readonly code: FindingCode;
  readonly level: FindingLevel;
  readonly message: string;
}

const LEVELS: readonly FindingLevel[] = ["error", "warning", "note"];

/** What stops a reader before what is good to know; otherwise as found. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return LEVELS.flatMap((level) => findings.filter((finding) => finding.level === level));
}
