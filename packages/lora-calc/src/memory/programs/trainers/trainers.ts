/** Which trainer a setting names. */

import type { Method } from "../../settings/training.js";
import { dpoTrainer } from "./dpo.js";
import { sftTrainer } from "./sft.js";
import type { Trainer } from "./trainer.js";

export const TRAINERS: Readonly<Record<Method, Trainer>> = { sft: sftTrainer, dpo: dpoTrainer };
