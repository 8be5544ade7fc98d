/**
 * Property tests draw from one seed, so that a run says the same twice; `FC_SEED=…` draws others. This is what
 * `fc.configureGlobal` sets, without loading fast-check into tests that do not use it.
 */

const seed = Number(process.env.FC_SEED ?? 20261123);
(globalThis as Record<symbol, unknown>)[Symbol.for("fast-check/GlobalParameters")] = { seed };
