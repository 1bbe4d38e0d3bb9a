/** What every command of the program is given. */

import type { ExitCode } from "./exit-codes.js";
import type { Output } from "./output.js";

export type Options = Readonly<Record<string, unknown>>;
export type OutputOf = (options: Options) => Output;
/** Takes the exit code of the command that ran. */
export type Finish = (code: ExitCode) => void;
