/** Records with several labels and several annotators, as the command is told of them, and the labels that it suggests. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { assay, temporaryFolders } from "./command.js";

const folder = temporaryFolders();
let cwd = "";

/** Sixty items of three annotators; the third says "b" always, and who says what of item 7 is not known. */
const ITEMS = Array.from({ length: 60 }, (_, i) => {
  const right = i % 3 === 0 ? "b" : i % 3 === 1 ? "a" : 'c, "d"';
  return { right, votes: i === 7 ? ["", "", ""] : [right, right, "b"] };
});
const field = (text: string): string => (text.includes(",") ? `"${text.replaceAll('"', '""')}"` : text);

beforeAll(() => {
  cwd = folder();
  const wide = ITEMS.map(({ votes }, i) => [`item ${i}`, ...votes.map(field)].join(","));
  writeFileSync(join(cwd, "wide.csv"), `item,w1,w2,w3\n${wide.join("\n")}\n`);
  const long = ITEMS.flatMap(({ votes }, i) => votes.map((vote, a) => `item ${i},w${a + 1},${field(vote)}`));
  writeFileSync(join(cwd, "long.csv"), `item,worker,label\n${long.join("\n")}\n`);
  const points = Array.from({ length: 300 }, (_, i) => {
    const [x, y] = [Math.sin(i * 12.9898) * 5, Math.sin(i * 78.233) * 5];
    return `${x},${y},${Number(x > 0)},${Number(y > 0)}`;
  });
  writeFileSync(join(cwd, "points.csv"), `x,y,east,north\n${points.join("\n")}\n`);
});

test("annotators in columns and in records agree, and the consensus is written", async () => {
  const asked = ["--json", "--checks", "annotators", "--fail-on", "none", "--suggested", "labels.csv"];
  const wide = await assay(cwd, ["check", "wide.csv", "--annotations", "w1,w2,w3", ...asked]);
  expect(wide.exitCode).toBe(0);
  const consensus = readFileSync(join(cwd, "labels.csv"), "utf8").trim().split("\n");
  expect(consensus).toEqual([
    "record,annotators",
    ...ITEMS.map(({ right }, i) => `${i},${i === 7 ? "" : field(right)}`),
  ]);
  const long = await assay(cwd, [
    ...["check", "long.csv", "--label", "label", "--annotator", "worker", "--item", "item"],
    ...asked,
  ]);
  const of = ({ outcomes }: Record<string, unknown>) => (outcomes as { estimate: unknown; details: unknown }[])[0]!;
  expect(of(long.json()).details).toEqual(of(wide.json()).details);
  const repeated = readFileSync(join(cwd, "labels.csv"), "utf8").trim().split("\n");
  expect(repeated).toHaveLength(181);
  expect(repeated[4]).toBe(`3,${field(ITEMS[1]!.right)}`);
});

test("several label columns are judged each, and the statement of a run says which they were", async () => {
  const run = ["run", "points.csv", "--labels", "east,north", "--checks", "label-flips", "-o", "points.assay"];
  const result = await assay(cwd, [...run, "--json"]);
  expect(result.exitCode).toBe(0);
  const { outcomes } = result.json() as { outcomes: { status: string; details: { labels: { label: string }[] } }[] };
  expect(outcomes[0]!.status).toBe("completed");
  expect(outcomes[0]!.details.labels.map(({ label }) => label)).toEqual(["east", "north"]);
  expect(readFileSync(join(cwd, "points.assay/statements.jsonl"), "utf8")).toContain('"labels":["east","north"]');
});

test.each([
  [["--label", "east,north"], "label: it is one column; name several as labels: east,north"],
  [["--labels", "east"], "labels: name at least two columns"],
  [["--labels", "east,west"], 'labels: there is no column "west"'],
  [["--label", "east", "--labels", "east,north"], "labels: label is given too"],
  [["--labels", "east,north", "--suggested", "none.csv"], "--suggested: no check of this run suggests labels"],
])("%j is refused: %s", async (options, message) => {
  const { exitCode, stderr } = await assay(cwd, ["check", "points.csv", "--checks", "label-flips", ...options]);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(64);
});
