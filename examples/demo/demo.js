/**
 * The main job on real data: a clean copy, a copy with known poison, a tampered file, a quarantined child.
 *
 * Everything that is said here is counted from what the command answers; the demo fails when a claim does not hold.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { addSuppliers, flipLabels, moveCells, readTable, repeatRecords, seededRandom, writeTable } from "./plant.js";

const SEED = 20261123;
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const output = join(root, "demo-output");
const require = createRequire(import.meta.url);
const assayBin = join(dirname(require.resolve("@assay/cli/package.json")), "bin/assay.js");
const vega = join(dirname(require.resolve("vega-datasets")), "../data");

const color = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (color ? `\x1b[${code}m${text}\x1b[0m` : String(text));
const [bold, dim, green, red, yellow, cyan] = [1, 2, 32, 31, 33, 36].map(paint);
const say = (text = "") => console.log(text);
const count = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
const percent = (part, whole) => `${whole === 0 ? 0 : Math.round((100 * part) / whole)} %`;
const began = Date.now();
const failures = [];

function title(text) {
  say();
  say(bold(`── ${text} ${"─".repeat(Math.max(0, 74 - text.length))}`));
}

/** Says whether a claim holds; one that does not makes the demo fail. */
function claim(holds, text) {
  say(`  ${holds ? green("✓") : red("✗")} ${text}`);
  if (!holds) failures.push(text);
}

/** Runs the command as a user would, shows it, and gives its JSON and exit code. */
function assay(...args) {
  say(dim(`  $ assay ${args.map((arg) => (/[\s*]/.test(arg) ? `'${arg}'` : arg)).join(" ")}`));
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [assayBin, ...args, "--json"], {
      cwd: output,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.on("error", fail);
    child.on("close", (exitCode, signal) => {
      if (signal) fail(new Error(`assay was ended by ${signal}`));
      try {
        done({ exitCode, ...JSON.parse(Buffer.concat(chunks).toString()) });
      } catch (cause) {
        fail(new Error(`assay ${args[0]} gave no JSON`, { cause }));
      }
    });
  });
}

const readFindings = (folder) =>
  readFileSync(join(output, folder, "findings.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const outcomeOf = (result, check) => result.outcomes.find((outcome) => outcome.check === check);
const loud = (findings) => findings.filter(({ severity }) => severity !== "low");

/** How many of the planted records a check found, and how many it accused wrongly. */
function score(findings, outcome, planted) {
  const truth = new Set(planted);
  const records = new Set(loud(findings).map(({ record }) => record));
  const found = [...records].filter((record) => truth.has(record)).length;
  const suspects = (outcome.suspects ?? []).filter((record) => truth.has(record) && !records.has(record)).length;
  return { planted: truth.size, found, wrong: records.size - found, accused: records.size, suspects };
}

function tell(name, { planted, found, wrong, accused, suspects }) {
  say(
    `  ${name.padEnd(10)} planted ${count(planted).padStart(5)}   ${bold(`found ${count(found)} (${percent(found, planted)})`)}   accused wrongly ${count(wrong)} of ${count(accused)} (${percent(wrong, accused)})   ${count(suspects)} more among the suspects`,
  );
}

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });

say(bold("Assay: test, then stamp, and make the stamp checkable."));
say(`Real data from the npm package vega-datasets, and known poison planted with seed ${SEED}.`);

title("The data");
const random = seededRandom(SEED);
const places = addSuppliers(readTable(readFileSync(join(vega, "zipcodes.csv"), "utf8")), 12, random);
const weather = readTable(readFileSync(join(vega, "seattle-weather-hourly-normals.csv"), "utf8"));
writeFileSync(join(output, "places.csv"), writeTable(places));
writeFileSync(join(output, "weather.csv"), writeTable(weather));
const flips = flipLabels(places, { label: "state", share: 0.05, badSupplier: "supplier-07", badShare: 0.4 }, random);
const copies = repeatRecords(places, 300, random);
const moved = moveCells(weather, { columns: ["pressure", "temperature", "wind"], count: 350 }, random);
writeFileSync(join(output, "places-poisoned.csv"), writeTable(places));
writeFileSync(join(output, "weather-poisoned.csv"), writeTable(weather));
say(
  `  places.csv   ${count(places.rows.length - copies.length)} places: the state from latitude and longitude, and who supplied it`,
);
say(`  weather.csv  ${count(weather.rows.length)} hours of pressure, temperature and wind`);
say("  planted into copies of them:");
say(
  `    ${yellow(count(flips.length))} flipped labels (${percent(flips.length, places.rows.length)} of all, 40 % of what supplier-07 sent)`,
);
say(`    ${yellow(count(copies.length))} records a second time`);
say(`    ${yellow(count(moved.length))} records with one to three cells moved by 12 robust standard deviations`);

const placesOptions = [
  "--label",
  "state",
  "--features",
  "latitude,longitude",
  "--source",
  "supplier",
  "--fail-on",
  "medium",
];
const weatherOptions = ["--exclude", "date", "--fail-on", "medium"];

title("Clean data: silence");
for (const [file, options] of [
  ["places.csv", placesOptions],
  ["weather.csv", weatherOptions],
]) {
  const result = await assay("run", file, ...options);
  const findings = readFindings(file.replace(".csv", ".assay"));
  const noise = loud(findings).length;
  claim(
    noise === 0 && result.gate === "pass",
    `${file}: ${noise} findings of severity medium or high; ${count(findings.length)} true repeats listed as low; gate ${result.gate}`,
  );
}

title("Poisoned data: what is found, and what is accused wrongly");
await assay("keygen", "-o", "release");
const bad = await assay("run", "places-poisoned.csv", ...placesOptions, "--key", "release.pem");
const badFindings = readFindings("places-poisoned.assay");
const odd = await assay("run", "weather-poisoned.csv", ...weatherOptions, "--key", "release.pem");
const oddFindings = readFindings("weather-poisoned.assay");
const flipScore = score(
  badFindings.filter(({ check }) => check === "label-flips"),
  outcomeOf(bad, "label-flips"),
  flips,
);
const moveScore = score(
  oddFindings.filter(({ check }) => check === "outliers"),
  outcomeOf(odd, "outliers"),
  moved,
);
tell("flips", flipScore);
tell("outliers", moveScore);
const repeated = badFindings.filter(({ check }) => check === "exact-duplicates").length;
say(`  copies     planted ${count(copies.length).padStart(5)}   ${bold(`found ${count(repeated)}`)} (listed as low)`);
const accusedSources = badFindings.filter(({ check }) => check === "bad-sources");
for (const { message } of accusedSources) say(`  source     ${message}`);
const { rate, low, high } = outcomeOf(bad, "label-flips").estimate;
say(
  `  estimated share of flipped labels: ${(100 * rate).toFixed(1)} % (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}); planted ${((100 * flips.length) / places.rows.length).toFixed(1)} %`,
);
say();
claim(bad.gate === "fail" && bad.exitCode === 1 && odd.exitCode === 1, "the gate is closed on both: exit code 1");
claim(
  flipScore.found >= flipScore.planted / 2,
  `at least half of the flips are findings: ${percent(flipScore.found, flipScore.planted)}`,
);
claim(
  moveScore.found >= 0.3 * moveScore.planted,
  `at least 30 % of the outliers are findings: ${percent(moveScore.found, moveScore.planted)}`,
);
claim(
  flipScore.wrong <= 0.1 * flipScore.accused && moveScore.wrong <= 0.1 * moveScore.accused,
  `at most 10 % of the findings are false: ${percent(flipScore.wrong + moveScore.wrong, flipScore.accused + moveScore.accused)}`,
);
claim(repeated === copies.length, "every planted copy is listed, and nothing else");
claim(
  accusedSources.length === 1 && accusedSources[0].message.includes("supplier-07"),
  "the bad source is named, and no other",
);

title("Tampering: one byte is enough");
const sealed = await assay("verify", "places-poisoned.assay", "--trust", "release.pub.pem");
claim(
  sealed.ok && sealed.exitCode === 0,
  `before: ${sealed.ok ? "trusted, data checked" : sealed.code}, exit code ${sealed.exitCode}`,
);
const victim = join(output, "places-poisoned.csv");
const bytes = readFileSync(victim);
// The last digit of some latitude, in the middle of the file.
const place = bytes.indexOf(",-", 1_000_000) - 1;
const original = bytes[place];
bytes[place] = original ^ 1;
writeFileSync(victim, bytes);
say(
  dim(
    `  (byte ${count(place)} of places-poisoned.csv: ${JSON.stringify(String.fromCharCode(original))} becomes ${JSON.stringify(String.fromCharCode(original ^ 1))})`,
  ),
);
const tampered = await assay("verify", "places-poisoned.assay", "--trust", "release.pub.pem");
claim(!tampered.ok && tampered.exitCode === 2, `after: ${red(tampered.code)}, exit code ${tampered.exitCode}`);
bytes[place] = original;
writeFileSync(victim, bytes);

title("Quarantine: exactly the accused records leave, provably");
const child = await assay("quarantine", "places-poisoned.assay", "-o", "places-clean", "--key", "release.pem");
say(`  ${count(child.removed)} records taken out, ${count(child.records)} left`);
const edge = await assay(
  "verify",
  "places-clean.assay",
  "--parent",
  "places-poisoned.assay",
  "--trust",
  "release.pub.pem",
);
claim(
  edge.ok && edge.parents?.[0]?.edge === "proven",
  `the derivation is ${edge.parents?.[0]?.edge}, the parent ${edge.parents?.[0]?.verdict}`,
);
const difference = await assay("compare", "places-poisoned.assay", "places-clean.assay");
claim(
  difference.added === 0 && difference.removed === child.removed,
  `compared record by record: ${count(difference.added)} added, ${count(difference.removed)} removed; version ${difference.version}`,
);

title("Reports");
const reports = ["places", "weather", "places-poisoned", "weather-poisoned"].map((name) =>
  join(output, `${name}.assay`, "report.html"),
);
for (const report of reports) claim(existsSync(report), cyan(relative(process.env.INIT_CWD ?? root, report)));
say();
say(
  failures.length === 0
    ? green(
        `Everything held. ${((Date.now() - began) / 1000).toFixed(0)} s. Open a report in a browser: it needs no network.`,
      )
    : red(`${failures.length} claims did not hold:\n${failures.map((failure) => `  ${failure}`).join("\n")}`),
);
process.exitCode = failures.length === 0 ? 0 : 1;
