/** All methods that add tensors to the layers they target, by `peft_type`. */

import { adalora } from "./adalora.js";
import { beft } from "./beft.js";
import { boft } from "./boft.js";
import { c3a } from "./c3a.js";
import { deft } from "./deft.js";
import { delora } from "./delora.js";
import { fourierft, waveft } from "./frequencies.js";
import { frod } from "./frod.js";
import { glora } from "./glora.js";
import { gralora } from "./gralora.js";
import { hira } from "./hira.js";
import { hra } from "./hra.js";
import { ia3 } from "./ia3.js";
import type { LayerMethod } from "./layer-method.js";
import { lily } from "./lily.js";
import { lnTuning } from "./ln-tuning.js";
import { loha } from "./loha.js";
import { lokr } from "./lokr.js";
import { miss } from "./miss.js";
import { oft } from "./oft.js";
import { osf } from "./osf.js";
import { peanut } from "./peanut.js";
import { poly } from "./poly.js";
import { psoft } from "./psoft.js";
import { randlora } from "./randlora.js";
import { road } from "./road.js";
import { shira } from "./shira.js";
import { supertuning } from "./supertuning.js";
import { tinylora } from "./tinylora.js";
import { unilora } from "./unilora.js";
import { vblora } from "./vblora.js";
import { pvera, vera } from "./vera.js";

export const LAYER_METHODS: readonly LayerMethod[] = [
  ...[adalora, beft, boft, c3a, deft, delora, fourierft, frod, glora, gralora, hira, hra, ia3],
  ...[
    lily,
    lnTuning,
    loha,
    lokr,
    miss,
    oft,
    osf,
    peanut,
    poly,
    psoft,
    pvera,
    randlora,
    road,
    shira,
  ],
  ...[supertuning, tinylora, unilora, vblora, vera, waveft],
];
