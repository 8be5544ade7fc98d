/**
 * What Assay cannot see. The table is printed in every report, whatever was found: a reader must never take silence for
 * cleanness. Sources: NIST AI 100-2 (2025) NISTAML.012, .021; OWASP AISVS issues 377 and 719; the joint guidance of
 * CISA and others on AI data security (2025).
 */

/** One thing that no check of the suite can see. */
export interface Limit {
  readonly what: string;
  readonly why: string;
  /** What helps instead. */
  readonly instead: string;
}

export const LIMITS: readonly Limit[] = [
  {
    what: "Poison with right labels",
    why: "Clean-label poisoning and clean-label backdoors leave every label right. Checks that look for wrong labels are blind to them.",
    instead: "Supply features of the model's own kind, judge sources, and test the trained model.",
  },
  {
    what: "Very small amounts",
    why: "A few records in a million can harm a model and stay below what any statistic can tell from chance.",
    instead: "Run with --power, which states the smallest share this run could have caught on this data.",
  },
  {
    what: "What happens in training",
    why: "Loss, duration and gradients are another channel. Nothing here has seen the model learn.",
    instead: "Keep training logs as evidence of their own.",
  },
  {
    what: "Intent behind a change",
    why: "An abrupt change suggests tampering and a slow one drift. That is a hint for triage, not a proof.",
    instead: "Ask for a signed derivation that explains the change.",
  },
  {
    what: "Filtering at the scale of the web",
    why: "Looking for what was planted in scraped data is best effort. Pages can also differ from one visitor or day to another.",
    instead: "Pin what was fetched by digest, and compare a second fetch.",
  },
  {
    what: "Whether values are true",
    why: "Data that were wrong from the start, and wrong alike everywhere, agree with each other.",
    instead: "Hold some records against the world they describe.",
  },
  {
    what: "Who a signer is",
    why: "A signature shows that a key signed. That the key is held by the right person is what a policy states and people ensure.",
    instead: "Give your own policy; never take one from the folder that is judged.",
  },
];
