/** Confident learning against cleanlab itself: given the same probabilities, the same records, by every filter. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { CONFIDENT_FILTERS, confidentLearning, LABEL_QUALITIES, labelQualities } from "@assay/checks";
import { describe, expect, test } from "vitest";

interface Case {
  readonly classes: number;
  readonly labels: number[];
  readonly probabilities: number[];
  readonly thresholds: number[];
  readonly joint: number[];
  readonly issues: Record<string, number[]>;
  readonly qualities: Record<string, number[]>;
}

const python = process.env.ASSAY_INTEROP_PYTHON;
if (python === undefined) throw new Error("ASSAY_INTEROP_PYTHON names a Python that has cleanlab");
const cases = JSON.parse(
  execFileSync(python, [join(import.meta.dirname, "make-label-issues.py")], {
    maxBuffer: 2 ** 28,
    encoding: "utf8",
    env: {
      ...process.env,
      NPY_DISABLE_CPU_FEATURES:
        "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR AVX2 FMA3 X86_V3 X86_V4",
    },
  }),
) as Case[];

const dataOf = ({ labels, probabilities, classes }: Case) => ({
  labels: Int32Array.from(labels),
  probabilities: Float64Array.from(probabilities),
  classes,
});

describe("confidentLearning()", () => {
  test("has enough to compare, flagged and not", () => {
    expect(cases.length).toBeGreaterThan(70);
    for (const filter of CONFIDENT_FILTERS)
      expect(cases.filter(({ issues }) => issues[filter]!.length > 0).length).toBeGreaterThan(50);
  });

  test.each(CONFIDENT_FILTERS)("%s flags the records that cleanlab flags", (filter) => {
    for (const [number, one] of cases.entries()) {
      const { issues } = confidentLearning(dataOf(one), filter);
      expect(
        [...issues.keys()].filter((row) => issues[row] === 1),
        `case ${number}`,
      ).toEqual(one.issues[filter]);
    }
  });

  test("has the confident joint and the thresholds of cleanlab", () => {
    for (const [number, one] of cases.entries()) {
      const { joint, thresholds } = confidentLearning(dataOf(one), "both");
      expect([...joint], `case ${number}`).toEqual(one.joint);
      expect([...thresholds], `case ${number}`).toEqual(one.thresholds);
    }
  });

  test.each(LABEL_QUALITIES)("%s is that of cleanlab", (quality) => {
    for (const one of cases) {
      for (const [row, value] of labelQualities(dataOf(one), quality).entries())
        expect(value).toBeCloseTo(one.qualities[quality]![row]!, 12);
    }
  });
});
