/** Property tests draw from one seed, so that a run says the same twice; `FC_SEED=…` draws others. */

import { configureGlobal } from "fast-check";

configureGlobal({ seed: Number(process.env.FC_SEED ?? 20261123) });
