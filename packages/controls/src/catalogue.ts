/**
 * The catalogue of ISO/IEC 42001:2023 Annex A: 38 controls under nine objectives, by id and title, with a paraphrase in our own
 * words. `A.x.1` (and A.6.1.1, A.6.2.1) is an objective, never a control. The standard's text is licensed and is not here.
 */

/** How much a data tool has to say about a control. */
export type Relevance = "core" | "supporting" | "little";
/**
 * How much of a control's evidence a machine can make, once people have declared what only they know: `full`, `part`, or `human`
 * (we only store or point).
 */
export type Automation = "full" | "part" | "human";

export interface Objective {
  readonly id: string;
  readonly title: string;
  /** Our own words. */
  readonly paraphrase: string;
}

export interface Control {
  readonly id: string;
  readonly title: string;
  /** Our own words, never the standard's. */
  readonly paraphrase: string;
  readonly objective: string;
  readonly relevance: Relevance;
  readonly automation: Automation;
  /** What of this library is evidence for it; `null` when nothing is. */
  readonly artefact: string | null;
}

/** The nine objectives. */
export const OBJECTIVES: readonly Objective[] = [
  { id: "A.2", title: "Policies related to AI", paraphrase: "Management direction and support for AI" },
  { id: "A.3", title: "Internal organization", paraphrase: "Who answers for what" },
  { id: "A.4", title: "Resources for AI systems", paraphrase: "Accounting for what AI systems rely on, data included" },
  {
    id: "A.5",
    title: "Assessing impacts of AI systems",
    paraphrase: "Effects on people and society over the life cycle",
  },
  { id: "A.6", title: "AI system life cycle", paraphrase: "Responsible design, development and operation" },
  { id: "A.7", title: "Data for AI systems", paraphrase: "Understanding the role and effects of data" },
  {
    id: "A.8",
    title: "Information for interested parties of AI systems",
    paraphrase: "What those concerned get to know",
  },
  { id: "A.9", title: "Use of AI systems", paraphrase: "Using AI responsibly and as intended" },
  { id: "A.10", title: "Third-party and customer relationships", paraphrase: "Responsibilities shared with others" },
];

/** All 38 controls, in the order of the annex. */
export const CONTROLS: readonly Control[] = [
  {
    id: "A.2.2",
    title: "AI policy",
    paraphrase: "Write down how the organization builds or uses AI",
    objective: "A.2",
    relevance: "little",
    automation: "human",
    artefact: "policy digest referenced in manifest",
  },
  {
    id: "A.2.3",
    title: "Alignment with other organizational policies",
    paraphrase: "Check which other policies AI touches and keep them consistent",
    objective: "A.2",
    relevance: "little",
    automation: "human",
    artefact: null,
  },
  {
    id: "A.2.4",
    title: "Review of the AI policy",
    paraphrase: "Look at the policy again on a schedule and after change",
    objective: "A.2",
    relevance: "little",
    automation: "part",
    artefact: "freshness check on the referenced policy record",
  },
  {
    id: "A.3.2",
    title: "AI roles and responsibilities",
    paraphrase: "Someone named owns each AI duty, data quality included",
    objective: "A.3",
    relevance: "supporting",
    automation: "part",
    artefact: "key-role registry; owner coverage",
  },
  {
    id: "A.3.3",
    title: "Reporting of concerns",
    paraphrase: "A safe way to raise AI worries and get them handled",
    objective: "A.3",
    relevance: "supporting",
    automation: "part",
    artefact: "concern → dataset → resolution record (no identity needed)",
  },
  {
    id: "A.4.2",
    title: "Resource documentation",
    paraphrase: "List what each life-cycle stage relies on",
    objective: "A.4",
    relevance: "supporting",
    automation: "part",
    artefact: "resource graph: data, tools, people roles",
  },
  {
    id: "A.4.3",
    title: "Data resources",
    paraphrase: "Describe every dataset the system relies on",
    objective: "A.4",
    relevance: "core",
    automation: "part",
    artefact: "dataset manifest",
  },
  {
    id: "A.4.4",
    title: "Tooling resources",
    paraphrase: "Describe the tools and methods used",
    objective: "A.4",
    relevance: "supporting",
    automation: "part",
    artefact: "detector/transform name, version, parameters, digest",
  },
  {
    id: "A.4.5",
    title: "System and computing resources",
    paraphrase: "Describe where and on what it runs",
    objective: "A.4",
    relevance: "little",
    automation: "human",
    artefact: "environment note of the evidence run",
  },
  {
    id: "A.4.6",
    title: "Human resources",
    paraphrase: "Describe the skills needed and who has them",
    objective: "A.4",
    relevance: "little",
    automation: "human",
    artefact: "labeler-role counts only",
  },
  {
    id: "A.5.2",
    title: "AI system impact assessment process",
    paraphrase: "A method for judging effects on people and society, with triggers",
    objective: "A.5",
    relevance: "supporting",
    automation: "part",
    artefact: "re-assessment trigger record",
  },
  {
    id: "A.5.3",
    title: "Documentation of AI system impact assessments",
    paraphrase: "Keep the results for a set time",
    objective: "A.5",
    relevance: "supporting",
    automation: "part",
    artefact: "digest + retention check of the assessment file",
  },
  {
    id: "A.5.4",
    title: "Assessing AI system impact on individuals or groups of individuals",
    paraphrase: "Judge effects on people and on groups",
    objective: "A.5",
    relevance: "supporting",
    automation: "human",
    artefact: "slice statistics as input",
  },
  {
    id: "A.5.5",
    title: "Assessing societal impacts of AI systems",
    paraphrase: "Judge wider effects",
    objective: "A.5",
    relevance: "little",
    automation: "human",
    artefact: null,
  },
  {
    id: "A.6.1.2",
    title: "Objectives for responsible development of AI system",
    paraphrase: 'State what "responsible" means here and build it in',
    objective: "A.6",
    relevance: "little",
    automation: "human",
    artefact: null,
  },
  {
    id: "A.6.1.3",
    title: "Processes for responsible AI system design and development",
    paraphrase: "Written stages, gates, approved data sources, sign-offs",
    objective: "A.6",
    relevance: "supporting",
    automation: "part",
    artefact: "approved-source allow-list + gate log",
  },
  {
    id: "A.6.2.2",
    title: "AI system requirements and specification",
    paraphrase: "State what the system, and its data, must satisfy",
    objective: "A.6",
    relevance: "supporting",
    automation: "part",
    artefact: "data requirements spec (machine-readable)",
  },
  {
    id: "A.6.2.3",
    title: "Documentation of AI system design and development",
    paraphrase: "Record choices, training method, threats considered (poisoning named in guidance)",
    objective: "A.6",
    relevance: "supporting",
    automation: "part",
    artefact: "data threat-model page",
  },
  {
    id: "A.6.2.4",
    title: "AI system verification and validation",
    paraphrase: "Decide tests and pass marks, incl. test-data choice",
    objective: "A.6",
    relevance: "core",
    automation: "part",
    artefact: "split-leak, locked-test-set, representativeness records",
  },
  {
    id: "A.6.2.5",
    title: "AI system deployment",
    paraphrase: "Plan release; confirm conditions are met first",
    objective: "A.6",
    relevance: "supporting",
    automation: "part",
    artefact: "release-gate verdict bound to roots",
  },
  {
    id: "A.6.2.6",
    title: "AI system operation and monitoring",
    paraphrase: "Watch it run; repair, update, support; watch data threats",
    objective: "A.6",
    relevance: "core",
    automation: "part",
    artefact: "drift-or-tamper record",
  },
  {
    id: "A.6.2.7",
    title: "AI system technical documentation",
    paraphrase: "Give each audience the documents it needs",
    objective: "A.6",
    relevance: "supporting",
    automation: "part",
    artefact: "data section of technical file",
  },
  {
    id: "A.6.2.8",
    title: "AI system recording of event logs",
    paraphrase: "Decide when to log and do it, at least in use",
    objective: "A.6",
    relevance: "core",
    automation: "full",
    artefact: "hash-chained pipeline event log and its verification",
  },
  {
    id: "A.7.2",
    title: "Data for development and enhancement of AI system",
    paraphrase: "Run a data-management process for building and improving AI",
    objective: "A.7",
    relevance: "core",
    automation: "part",
    artefact: "process spec + conformance of each dataset to it",
  },
  {
    id: "A.7.3",
    title: "Acquisition of data",
    paraphrase: "Know and note how data was chosen and obtained",
    objective: "A.7",
    relevance: "core",
    automation: "part",
    artefact: "acquisition record",
  },
  {
    id: "A.7.4",
    title: "Quality of data for AI systems",
    paraphrase: "Set quality needs and show the data meets them",
    objective: "A.7",
    relevance: "core",
    automation: "part",
    artefact: "requirement-by-requirement measurement",
  },
  {
    id: "A.7.5",
    title: "Data provenance",
    paraphrase: "Keep a written, working method of tracing data from first capture to retirement",
    objective: "A.7",
    relevance: "core",
    automation: "part",
    artefact: "signed provenance chain + verification",
  },
  {
    id: "A.7.6",
    title: "Data preparation",
    paraphrase: "State how preparation methods are picked and which were used",
    objective: "A.7",
    relevance: "core",
    automation: "part",
    artefact: "transform records, replay check",
  },
  {
    id: "A.8.2",
    title: "System documentation and information for users",
    paraphrase: "Tell users what they need",
    objective: "A.8",
    relevance: "supporting",
    automation: "part",
    artefact: "public datasheet extract",
  },
  {
    id: "A.8.3",
    title: "External reporting",
    paraphrase: "Let outsiders report harm",
    objective: "A.8",
    relevance: "little",
    automation: "human",
    artefact: null,
  },
  {
    id: "A.8.4",
    title: "Communication of incidents",
    paraphrase: "Plan how incidents reach users",
    objective: "A.8",
    relevance: "supporting",
    automation: "part",
    artefact: '"affected datasets and models" packet',
  },
  {
    id: "A.8.5",
    title: "Information for interested parties",
    paraphrase: "Know and meet reporting duties",
    objective: "A.8",
    relevance: "supporting",
    automation: "part",
    artefact: "regulator bundle (§5.4)",
  },
  {
    id: "A.9.2",
    title: "Processes for responsible use of AI systems",
    paraphrase: "Rules for using AI well",
    objective: "A.9",
    relevance: "little",
    automation: "human",
    artefact: null,
  },
  {
    id: "A.9.3",
    title: "Objectives for responsible use of AI system",
    paraphrase: "Aims for that use, incl. human oversight",
    objective: "A.9",
    relevance: "little",
    automation: "human",
    artefact: null,
  },
  {
    id: "A.9.4",
    title: "Intended use of the AI system",
    paraphrase: "Use it as meant",
    objective: "A.9",
    relevance: "supporting",
    automation: "part",
    artefact: "live-data vs declared-domain check",
  },
  {
    id: "A.10.2",
    title: "Allocating responsibilities",
    paraphrase: "Share duties clearly with partners",
    objective: "A.10",
    relevance: "supporting",
    automation: "part",
    artefact: "responsibility field per lineage hop",
  },
  {
    id: "A.10.3",
    title: "Suppliers",
    paraphrase: "Make suppliers fit your approach",
    objective: "A.10",
    relevance: "core",
    automation: "part",
    artefact: "supplier dataset acceptance record",
  },
  {
    id: "A.10.4",
    title: "Customers",
    paraphrase: "Account for customers' needs",
    objective: "A.10",
    relevance: "little",
    automation: "human",
    artefact: null,
  },
];

/** The control with an id. */
export function controlById(id: string): Control | undefined {
  return CONTROLS.find((control) => control.id === id);
}
