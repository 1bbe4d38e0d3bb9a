/**
 * Every query is to find its own document among those of the batch: cross entropy over cosines, all in fp32.
 *
 * Source: sentence-transformers 6.2.0 sentence_transformer/losses/multiple_negatives_ranking.py
 * `MultipleNegativesRankingLoss.compute_loss_from_embeddings`, util/similarity.py `cos_sim`.
 */

import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { cat, mulScalar, neg, subtract } from "../../machine/ops/elementwise.js";
import { index, indexPlaces } from "../../machine/ops/indexing.js";
import { mm } from "../../machine/ops/matmul.js";
import { unitLength } from "../../machine/ops/normalize.js";
import { meanAll } from "../../machine/ops/reduce.js";
import { integers } from "../../machine/ops/routing.js";
import { logSumExp } from "../../machine/ops/rows.js";
import { t } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

/** Two tables of vectors (b, hidden_size) → a number. */
export function rankingLoss(m: Machine, queries: Tensor, documents: Tensor): Tensor {
  return m.frame((frame) => {
    const rows = queries.size(0);
    const all = frame.hold(cat(m, [documents], 0));
    const own = frame.hold(integers(m, "arange", rows, "int64"));
    const places = frame.hold(integers(m, "arange", rows, "int64"));
    const local = frame.hold(index(m, queries, own));
    frame.hold(index(m, documents, own));
    const cosines = frame.hold(cosinesOf(m, local, all));
    const scaled = frame.rebind(cosines, mulScalar(m, cosines));
    const right = frame.hold(indexPlaces(m, scaled, places, own));
    const scores = frame.hold(cat(m, [scaled], 1));
    const total = frame.hold(logSumExp(m, scores));
    return neg(m, meanAll(m, subtract(m, right, total)));
  });
}

/** (n, hidden_size) and (k, hidden_size) → (n, k) */
function cosinesOf(m: Machine, left: Tensor, right: Tensor): Tensor {
  return m.frame((frame) => {
    const [a, b] = [left, right].map((x) => frame.hold(cast(m, x, "float32"))) as [Tensor, Tensor];
    const first = frame.hold(unitLength(m, a));
    const second = frame.hold(unitLength(m, b));
    return mm(m, first, t(m, second));
  });
}
