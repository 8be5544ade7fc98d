/** A data set whose maker wants its report to run code, lie about what it shows, or call people. */

import type { Finding } from "@assay/checks";
import type { ReportInput } from "../src/create-report.js";
import { digestOf, HEADER, INPUT, OUTCOMES } from "./fixture.js";

export const HOSTILE_TEXTS: readonly string[] = [
  "</script><script>alert(1)</script>",
  '" onmouseover="alert(2)" x="',
  "' onfocus='alert(3)' autofocus='",
  "<img src=x onerror=alert(4)>",
  "<svg/onload=alert(5)>",
  "--><!--<script>",
  "]]><script>alert(6)</script>",
  "</style><style>body{display:none}",
  "</title><script>alert(7)</script>",
  "evil\u202Ecod.exe\u2066\u200B",
  "line\u2028separator\u2029\nnew line\r\u0000nul\u001B[2Jclear",
  "__proto__",
  "constructor",
  "`code` | pipe \\| **bold** [link](javascript:alert(8)) @octocat #1 https://evil.example www.evil.example",
  '=HYPERLINK("http://evil.example","x")',
  "+1+cmd|' /C calc'!A0",
  "\t@SUM(1)",
  "--force $(rm -rf ~) `reboot` '; reboot #",
  "lone \uD800 surrogate",
  "javascript:alert(9)",
  "&lt;b&gt; &#x3c;",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of somebody else is what it pretends to be
  "${alert(10)} {{alert(11)}}",
  "شركة \u{E0041}\u{E0042} tags",
];

const values = Object.fromEntries(HOSTILE_TEXTS.map((text) => [text, text])) as Record<string, unknown>;
Object.defineProperty(values, "__proto__", { value: "polluted", enumerable: true });

const kinds = Object.fromEntries(HOSTILE_TEXTS.map((text) => [text, "text" as const]));
Object.defineProperty(kinds, "__proto__", { value: "text", enumerable: true });

const findings = HOSTILE_TEXTS.map(
  (text, index): Finding => ({
    check: index % 2 === 0 ? "label-flips" : text,
    kind: text,
    file: text,
    ordinal: index,
    record: index,
    ...(index % 3 === 0 ? {} : { line: index + 1 }),
    leaf: digestOf(text),
    score: index,
    severity: "high",
    message: text,
    evidence: { ...values, nested: { deep: [text, { more: values }] } },
  }),
);

export const HOSTILE: ReportInput = {
  header: {
    ...HEADER,
    name: HOSTILE_TEXTS.join(" ").slice(0, 280),
    version: HOSTILE_TEXTS[0]!,
    schemas: { [digestOf("schema")]: kinds },
    splits: Object.fromEntries(HOSTILE_TEXTS.map((text) => [text, HEADER.set])),
    reading: { types: {}, inferred: HOSTILE_TEXTS, nullValues: HOSTILE_TEXTS, others: "infer" },
  },
  heads: INPUT.heads,
  files: HOSTILE_TEXTS.map((path, index) => ({ ...INPUT.files![0]!, path, format: index % 2 === 0 ? "other" : path })),
  warnings: HOSTILE_TEXTS,
  verdict: {
    ok: false,
    code: "bad-signature",
    trust: "not-judged",
    summary: HOSTILE_TEXTS[0]!,
    statements: HOSTILE_TEXTS.map((text) => ({
      digest: digestOf(text),
      predicateType: text,
      known: false,
      about: "other",
      signatures: [{ keyId: text, status: "unknown-signer", person: text, roles: [text] }],
    })),
    failures: HOSTILE_TEXTS.map((message) => ({ code: "bad-signature", class: "TrustError", message })),
    warnings: HOSTILE_TEXTS,
  },
  data: "not-checked",
  outcomes: HOSTILE_TEXTS.map((text, index) => ({
    ...OUTCOMES[0]!,
    check: text,
    version: text,
    status: (["completed", "skipped", "failed"] as const)[index % 3]!,
    reason: text,
    lookedAt: { columns: [text], label: text, records: 1, unread: [text], excluded: [text] },
    sources: [{ source: text, records: 1, findings: 1, suspects: 1, rate: 1, low: 0, high: 1 }],
    seed: { value: text, origin: "given" },
    reasons: [{ record: 1, message: text, evidence: values }],
    notes: [text],
    details: values,
  })),
  findings,
  gate: { gate: "fail", reasons: HOSTILE_TEXTS },
  controls: [
    {
      control: "A.7.4",
      verdict: "gap",
      rules: [
        {
          id: HOSTILE_TEXTS[0]!,
          version: "1",
          mandatory: true,
          verdict: "gap",
          numerator: 0,
          denominator: 1,
          counterexamples: HOSTILE_TEXTS,
          reason: HOSTILE_TEXTS[3]!,
          inputs: [],
          validUntil: HOSTILE_TEXTS[1]!,
        },
      ],
    },
    {
      control: "A.10.4",
      verdict: "not-applicable",
      rules: [],
      justification: { reason: HOSTILE_TEXTS[0]!, approver: HOSTILE_TEXTS[1]!, approvedAt: HOSTILE_TEXTS[2]! },
    },
  ],
  power: [{ check: HOSTILE_TEXTS[0]!, attack: HOSTILE_TEXTS[1]!, fraction: 0.1, recall: 0.5, falseDiscovery: 0 }],
  records: new Map(findings.map(({ record }) => [record, values])),
  plots: HOSTILE_TEXTS.flatMap((text) => [
    {
      kind: "scatter" as const,
      title: text,
      x: text,
      y: text,
      points: [
        { x: 1, y: 1, accused: true },
        { x: 2, y: 2 },
      ],
    },
    { kind: "histogram" as const, title: text, column: text, edges: [0, 1], counts: [1] },
    { kind: "bars" as const, title: text, bars: [{ name: text, count: 1 }] },
  ]),
  tool: { name: HOSTILE_TEXTS[0]!, version: HOSTILE_TEXTS[1]! },
  createdAt: HOSTILE_TEXTS[2]!,
};
