/** Images in Parquet, through the command: flips among them are found, clean ones are left alone, whatever number of workers looks. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { beforeAll, describe, expect, test } from "vitest";
import { greyPng } from "../../packages/checks/test/image/make-png.js";
import { assay, temporaryFolders } from "./command.js";
import { seededNumbers } from "./data.js";

const SIDE = 20;
const CLASSES = ["disc", "square", "cross", "stripes"] as const;

/** A shape at a random place, of random brightness, in noise. */
function shapePng(kind: number, next: () => number): Uint8Array {
  const [left, top] = [7 + Math.floor(6 * next()), 7 + Math.floor(6 * next())];
  const bright = 120 + 100 * next();
  const samples = Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [Math.abs((i % SIDE) - left), Math.abs(Math.floor(i / SIDE) - top)];
    const inside = [
      x * x + y * y <= 25,
      Math.max(x, y) <= 5 && Math.max(x, y) >= 4,
      Math.min(x, y) <= 1 && Math.max(x, y) <= 6,
      x <= 5 && y <= 5 && y % 3 === 0,
    ][kind];
    return Math.floor((inside ? bright : 20) + 30 * next());
  });
  return greyPng(SIDE, SIDE, samples);
}

interface ImageSet {
  readonly images: readonly (Uint8Array | null)[];
  readonly labels: readonly string[];
  /** Ordinals of the records whose label is another than their shape. */
  readonly flipped: ReadonlySet<number>;
}

function imageSet(count: number, flips: number): ImageSet {
  const next = seededNumbers(5);
  const kinds = Array.from({ length: count }, (_, i) => i % CLASSES.length);
  const images = kinds.map((kind) => shapePng(kind, next));
  const flipped = new Set<number>();
  while (flipped.size < flips) flipped.add(Math.floor(count * next()));
  const labels = kinds.map(
    (kind, i) => CLASSES[(kind + (flipped.has(i) ? 1 + Math.floor(3 * next()) : 0)) % 4] as string,
  );
  return { images, labels, flipped };
}

function parquet({ images, labels }: Pick<ImageSet, "images" | "labels">): Uint8Array {
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: "picture", data: [...images], type: "BYTE_ARRAY", nullable: true },
      { name: "label", data: [...labels], type: "STRING" },
      { name: "size", data: images.map((image) => image?.length ?? 0), type: "DOUBLE" },
    ],
    rowGroupSize: 400,
  });
  return new Uint8Array(bytes);
}

interface Checked {
  readonly outcomes: readonly {
    readonly check: string;
    readonly status: string;
    readonly reason?: string;
    readonly examined: number;
    readonly suspects?: readonly number[];
    readonly lookedAt: { readonly columns: readonly string[] };
    readonly notes: readonly string[];
  }[];
  readonly findings: readonly { readonly check: string; readonly record: number; readonly message: string }[];
}

const ASKED = ["--image", "picture", "--label", "label", "--exclude", "size"];
const newFolder = temporaryFolders();
let cwd: string;
const check = async (file: string, ...options: string[]): Promise<Checked> =>
  (await assay(cwd, ["check", file, ...ASKED, "--json", ...options])).json() as unknown as Checked;
const outcomeOf = ({ outcomes }: Checked, id: string) => {
  const outcome = outcomes.find((one) => one.check === id);
  if (!outcome) throw new Error(`no outcome of ${id}`);
  return outcome;
};

const clean = imageSet(1200, 0);
const flipped = imageSet(1200, 96);

beforeAll(() => {
  cwd = newFolder();
  writeFileSync(join(cwd, "clean.parquet"), parquet(clean));
  writeFileSync(join(cwd, "flipped.parquet"), parquet(flipped));
});

describe("assay check --image", () => {
  test("finds most labels that were flipped, few that were not, and looks at the images", async () => {
    const checked = await check("flipped.parquet", "--checks", "label-flips");
    expect(outcomeOf(checked, "label-flips")).toMatchObject({ status: "completed", examined: 1200 });
    expect(outcomeOf(checked, "label-flips").lookedAt.columns).toEqual(["label", "picture"]);
    const accused = checked.findings.map(({ record }) => record);
    const right = accused.filter((record) => flipped.flipped.has(record)).length;
    expect(right).toBeGreaterThanOrEqual(48);
    expect(accused.length - right).toBeLessThanOrEqual(0.1 * accused.length);
    expect(checked.findings[0]?.message).toMatch(/^The label "\w+" contradicts the image, which says "\w+"\.$/);
  });

  test("accuses nobody where no label was flipped", async () => {
    const checked = await check("clean.parquet");
    expect(outcomeOf(checked, "label-flips").status).toBe("completed");
    expect(outcomeOf(checked, "outliers").lookedAt.columns).toEqual(["picture"]);
    expect(checked.findings).toEqual([]);
  });

  test("gives the same on 1, 2 and 7 workers", async () => {
    const [one, two, seven] = await Promise.all(
      ["1", "2", "7"].map((workers) =>
        assay(cwd, ["check", "flipped.parquet", ...ASKED, "--json", "--workers", workers]),
      ),
    );
    expect(two?.stdout).toBe(one?.stdout);
    expect(seven?.stdout).toBe(one?.stdout);
  });

  test("names images that cannot be read, and judges the others", async () => {
    const images = [...clean.images];
    images[3] = null;
    images[10] = Buffer.from("GIF89a and more");
    images[20] = (images[20] as Uint8Array).slice(0, 60);
    writeFileSync(join(cwd, "damaged.parquet"), parquet({ ...clean, images }));
    const checked = await check("damaged.parquet");
    const unread =
      '2 images in "picture" cannot be read: record 10 of "damaged.parquet" (it is GIF, not PNG or JPEG), ' +
      'record 20 of "damaged.parquet" (it is cut short)';
    for (const id of ["label-flips", "outliers"]) {
      expect(outcomeOf(checked, id).notes).toContain(unread);
      expect(outcomeOf(checked, id).notes).toContain('1 record has no image in "picture"');
    }
    expect(outcomeOf(checked, "label-flips").examined).toBe(1197);
  });

  test("finds pictures of something else where others are trusted, and says where they are unlike them", async () => {
    const next = seededNumbers(11);
    const isOdd = (i: number): boolean => i >= 800 && i % 10 === 7;
    const blocks = (): Uint8Array => {
      const black = Array.from({ length: 25 }, () => next() < 0.5);
      const samples = Array.from({ length: SIDE * SIDE }, (_, i) => {
        return black[5 * Math.floor(i / SIDE / 4) + Math.floor((i % SIDE) / 4)] ? 0 : 255;
      });
      return greyPng(SIDE, SIDE, samples);
    };
    const images = clean.images.map((image, i) => (isOdd(i) ? blocks() : image));
    const labels = images.map((_, i) => (i < 800 ? "yes" : "no"));
    writeFileSync(join(cwd, "odd.parquet"), parquet({ images, labels }));
    const { findings } = await check("odd.parquet", "--checks", "outliers", "--trusted", "label=yes");
    const right = findings.filter(({ record }) => isOdd(record)).length;
    expect(right).toBe(40);
    expect(findings.length - right).toBeLessThanOrEqual(2);
    expect(findings[0]?.message).toMatch(
      /^The image is unlike the others, most of all at row \d+ of 16, column \d+ of 16 \(brightness\)\.$/,
    );
  });

  test("skips with a reason where no image can be read, or all look the same", async () => {
    const broken = { ...clean, images: clean.images.map((_, i) => Buffer.from(`no image ${i}`)) };
    const [first] = clean.images;
    writeFileSync(join(cwd, "broken.parquet"), parquet(broken));
    writeFileSync(
      join(cwd, "alike.parquet"),
      parquet({ ...clean, images: clean.images.map(() => first as Uint8Array) }),
    );
    for (const [file, reason] of [
      ["broken.parquet", /No image in "picture" can be read; images are bytes of PNG or JPEG/],
      ["alike.parquet", /All images in "picture" look the same/],
    ] as const)
      expect(outcomeOf(await check(file), "label-flips")).toMatchObject({
        status: "skipped",
        reason: expect.stringMatching(reason),
      });
  });

  test("finds the same image under two labels, also among images that all differ", async () => {
    const images = [...clean.images];
    images[1] = images[0] as Uint8Array;
    writeFileSync(join(cwd, "twice.parquet"), parquet({ ...clean, images }));
    const checked = await check("twice.parquet", "--checks", "conflicting-duplicates");
    expect(checked.findings.map(({ record }) => record).sort()).toEqual([0, 1]);
  });

  test("reads the structs of data set hubs, and base64 text that a schema declares as bytes", async () => {
    const hub = join(import.meta.dirname, "../fixtures/images/hub.parquet");
    const read = await assay(cwd, ["check", hub, "--image", "image", "--checks", "outliers", "--json"]);
    const outliers = (read.json() as unknown as Checked).outcomes[0];
    expect(outliers).toMatchObject({ status: "completed", examined: 14 });
    expect(outliers?.notes.join()).not.toMatch(/cannot be read/);
    mkdirSync(join(cwd, "text"));
    const lines = clean.images.slice(0, 50).map((image, i) => {
      return JSON.stringify({ i, picture: Buffer.from(image as Uint8Array).toString("base64") });
    });
    writeFileSync(join(cwd, "text/a.jsonl"), `${lines.join("\n")}\n`);
    writeFileSync(join(cwd, "schema.json"), JSON.stringify({ columns: { i: "int64", picture: "bytes" } }));
    const asked = ["check", "text", "--image", "picture", "--exclude", "i", "--checks", "outliers", "--json"];
    const declared = (await assay(cwd, [...asked, "--schema", "schema.json"])).json() as unknown as Checked;
    expect(declared.outcomes[0]).toMatchObject({ status: "completed", examined: 50 });
    const plain = await assay(cwd, asked);
    expect(plain.exitCode).toBe(64);
    expect(plain.json().message).toMatch(/column "picture" holds text; .*base64 text is, when a schema declares/);
  });

  test.each([
    ["a column that is not there", ["--image", "photo"], /image: there is no column "photo"; the columns are/],
    ["a column of numbers", ["--image", "size"], /image: column "size" holds numbers; images are bytes of PNG or JPEG/],
    [
      "one that is not among the features",
      [...ASKED.slice(0, 2), "--features", "size"],
      /"picture" is not among the features/,
    ],
    ["one that is excluded", [...ASKED.slice(0, 2), "--exclude", "picture"], /it cannot be both/],
  ])("refuses %s", async (_, options, message) => {
    const { exitCode, stderr, stdout } = await assay(cwd, ["check", "clean.parquet", ...options]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
    expect(stderr).toMatch(message);
  });
});
