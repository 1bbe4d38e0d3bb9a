/** What an audit says: plain JSON. */

import type { Problem } from "../problem/problem.js";
import type { ParameterCounts } from "../result.js";
import type { FileFacts } from "./describe-file.js";
import type { Finding } from "./findings.js";

export interface Audit {
  readonly schema: 1;
  /** Whose adapter_config.json it is. */
  readonly tool: "PEFT" | "MLX";
  readonly peft_type: string;
  /** Release of PEFT that wrote the file, where it says so. */
  readonly peft_version?: string;
  /** The model that the adapter belongs to, by name. */
  readonly base?: string;
  /** What PEFT counts when it loads the adapter to train it on; absent where the base is not known. */
  readonly parameters?: ParameterCounts;
  readonly file?: FileFacts;
  /** Size of the file that PEFT would write for this configuration, in the dtypes of the file or in float32. Unit: bytes. */
  readonly expected_file_bytes?: number;
  /** Errors first. */
  readonly findings: readonly Finding[];
}

export type AuditResult = Audit | { readonly schema: 1; readonly error: Problem };
