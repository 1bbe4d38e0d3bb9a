/** Which strategy a setting names. */

import type { StrategyName } from "../../settings/device.js";
import { ddp } from "./ddp.js";
import { oneCard } from "./one-card.js";
import type { Strategy } from "./strategy.js";

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = { one_card: oneCard, ddp };
