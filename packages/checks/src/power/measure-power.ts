/**
 * What a check could have seen: known poison is planted in a copy of the data, in fewer and fewer records, until the check
 * misses it. Whether it is silent because there is nothing, or because it is blind here, shows in this alone.
 */

import { isAssayError } from "@assay/merkle";
import type { Check, CheckContext, CheckData, CheckResult, Power, Table, TriedPower } from "../check.js";
import { sameLeaf } from "../columns.js";
import { randomStream } from "../numeric/random-stream.js";
import { type RunLimits, runCheck } from "../run-check.js";
import { roundScore } from "../scores.js";
import { type PlantedData, type PlantedRecord, plantedData } from "./planted-data.js";
import { type PlantingOrder, plantingOrder } from "./planting-order.js";
import type { Poison, ReadyPoison } from "./poison.js";

/** Planted shares of the records that are tried, descending. */
export const FRACTIONS: readonly number[] = [0.1, 0.05, 0.02, 0.01, 0.005, 0.002];
/** Fewest planted records: the recall of fewer says nothing. */
const LEAST_PLANTED = 5;
/** Share of the planted records from which poison counts as caught. */
const LEAST_RECALL = 0.5;

export interface MeasuredPower {
  /** Absent where it could not be measured; then a note says why. */
  readonly power?: Power;
  /** Of the poison besides the first that could be measured. Default none. */
  readonly otherPower?: readonly Power[];
  /** Sentences for people; they hold no data. */
  readonly notes: readonly string[];
}

/** What was measured with one poison. */
interface MeasuredPoison {
  readonly power?: Power;
  readonly note: string;
}

export interface MeasurePowerInput {
  readonly check: Check;
  readonly options: unknown;
  /** The real data. */
  readonly data: CheckData;
  /** What the check answered on it. */
  readonly result: CheckResult;
  readonly limits: RunLimits;
  /** Told the share of the work that is done, 0 to 1. */
  readonly onShare: (share: number) => void;
}

/**
 * Measures the power of a check on some data, by each poison that it has. Of what cannot be measured is said why, unless
 * another poison could be.
 *
 * - *Method*: the fractions of {@link FRACTIONS} are tried from the largest down, as long as at least five records are planted.
 *   After the first that is caught it stops at the first that is missed: a larger one may be missed where much poison hides
 *   itself. Which records are planted follows from keyed hashes of their leaves; records that the check accuses anyway
 *   are left alone. The check runs with its own options, seed and rate.
 * - *Caught*: at least half of the planted records are found, and no more other findings are made than the claimed rate and
 *   twice its chance deviation explain. A planted copy is found when it, or the record that it copies, is a finding.
 * - *Cost*: one run of the check for each poison and fraction, at most six, and a copy of the columns that it reads.
 *
 * @returns The same for any number of workers and any order of the records.
 * @throws What {@link runCheck} throws.
 */
export async function measurePower(input: MeasurePowerInput, context: CheckContext): Promise<MeasuredPower> {
  const { check, result, onShare } = input;
  // What claims nothing is blind to every poison alike.
  const poison = (check.poison ?? []).slice(0, result.outcome.calibration === "uncalibrated" ? 1 : undefined);
  if (poison.length === 0)
    return { notes: [unmeasured(check.follows ? FOLLOWS : "nothing is known to plant for this check")] };
  const measured: MeasuredPoison[] = [];
  for (const [i, own] of poison.entries()) {
    const share = (part: number): void => onShare((i + part) / poison.length);
    measured.push(await measurePoison(own, { ...input, onShare: share }, context));
  }
  const [power, ...otherPower] = measured.flatMap((own) => own.power ?? []);
  if (!power) return { notes: [measured[0]!.note] };
  const notes = measured.flatMap((own) => (own.power ? [own.note] : []));
  return { power, ...(otherPower.length > 0 && { otherPower }), notes };
}

async function measurePoison(poison: Poison, input: MeasurePowerInput, context: CheckContext): Promise<MeasuredPoison> {
  const { check, data, result, limits, onShare } = input;
  if (result.outcome.calibration === "uncalibrated") {
    const note = "power: could not have seen any poison here, because it claims no finding on this data";
    return { power: { attack: poison.attack, smallest: null, tried: [] }, note };
  }
  const most = Math.round(FRACTIONS[0]! * data.shape.records);
  if (most < LEAST_PLANTED)
    return { note: unmeasured(`a tenth of ${data.shape.records} records are fewer than ${LEAST_PLANTED}`) };
  const planted = poison.stands === "instead" ? 0 : most;
  const memory = 2 * check.memory({ ...data.shape, records: data.shape.records + planted });
  if (memory > limits.maxMemoryBytes) {
    const needed = `it and a copy of the data need ${memory} bytes`;
    return { note: unmeasured(`${needed} and maxMemoryBytes is ${limits.maxMemoryBytes}`) };
  }
  const table = await data.table([]);
  const ready = await prepared(poison, data);
  if (typeof ready === "string") return { note: unmeasured(ready) };
  const blind = poison.blind?.(result);
  if (blind !== undefined) {
    const power = { attack: poison.attack, smallest: null, tried: [] };
    return { power, note: `power: could not have seen ${ready.what} here: ${blind}` };
  }
  const accused = new Set(result.findings.map(({ record }) => data.row(record)));
  const order = plantingOrder(table, context.seed, poison.attack);
  const records = recordsToPlant(order, ready, accused, most, poison.stands, table);

  const tried: TriedPower[] = [];
  const reasons = new Set<string>();
  let smallest: number | null = null;
  for (const [step, fraction] of FRACTIONS.entries()) {
    context.signal?.throwIfAborted();
    const count = Math.round(fraction * data.shape.records);
    if (count < LEAST_PLANTED) break;
    if (count > records.length) continue;
    const copy = plantedData(data, table, records.slice(0, count), poison.stands);
    const answer = await runCheck(
      check,
      input.options,
      copy.data,
      contextFor(copy, context, (share) => onShare((step + share) / FRACTIONS.length)),
      { ...limits, shape: copy.data.shape },
    );
    if (answer.outcome.status !== "completed") reasons.add(answer.outcome.reason ?? answer.outcome.status);
    else if (answer.outcome.calibration === "uncalibrated") reasons.add("it claims no finding there");
    const counted = countFindings(answer, copy, poison.stands, accused, table);
    const findings = counted.found + counted.others;
    tried.push({
      fraction,
      planted: count,
      recall: roundScore(counted.found / count),
      falseDiscovery: findings === 0 ? 0 : roundScore(counted.others / findings),
    });
    const explained = context.fdr * findings + 2 * Math.sqrt(context.fdr * (1 - context.fdr) * findings);
    const found = counted.found >= LEAST_RECALL * count;
    if (found && counted.others > explained) reasons.add("more of its findings were false than its rate explains");
    if (found && counted.others <= explained) smallest = fraction;
    else if (smallest !== null) break;
  }
  onShare(1);
  if (tried.length === 0)
    return { note: unmeasured(`only ${records.length} records could be planted; ${LEAST_PLANTED} are needed`) };
  const power = { attack: poison.attack, smallest, tried };
  return { power, note: sentenceOf(power, ready.what, [...reasons]) };
}

const FOLLOWS = "it reads what the other checks find, so its poison would have to be planted before they run";

function unmeasured(reason: string): string {
  return `power was not measured: ${reason}`;
}

/** The poison made ready, or why that cannot be. */
async function prepared(poison: Poison, data: CheckData): Promise<ReadyPoison | string> {
  try {
    return await poison.prepare(data);
  } catch (error) {
    if (isAssayError(error) && error.name === "CheckError") return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** The first records of the order that can be planted, at most `most`; of equal ones only one gets a copy beside it. */
function recordsToPlant(
  { rows, keys }: PlantingOrder,
  ready: ReadyPoison,
  accused: ReadonlySet<number>,
  most: number,
  stands: Poison["stands"],
  { leaves }: Pick<Table, "leaves">,
): PlantedRecord[] {
  const records: PlantedRecord[] = [];
  const taken = new Set<number>();
  for (const row of rows) {
    if (records.length === most) break;
    if (accused.has(row)) continue;
    const first = stands === "instead" ? row : firstRowOf(leaves, row);
    if (taken.has(first)) continue;
    const key = keys.subarray(32 * row, 32 * row + 32);
    const cells = ready.plant(row, randomStream(key, "planted"), records.length);
    if (!cells) continue;
    records.push({ source: row, key, cells });
    taken.add(first);
  }
  return records;
}

/** What earlier checks answered, for rows of the copy: near copies are all that a check takes from them. */
function contextFor(
  { sourceOf }: Pick<PlantedData, "sourceOf">,
  context: CheckContext,
  onShare: (share: number) => void,
): CheckContext {
  return {
    ...context,
    results: context.results.map(({ outcome, clusters }) => ({
      outcome,
      findings: [],
      ...(clusters ? { clusters: Int32Array.from(sourceOf, (row) => clusters[row]!) } : {}),
    })),
    onProgress: (done, total) => onShare(total > 0 ? Math.min(1, done / total) : 0),
  };
}

/** Planted records that were found, and accused records that have nothing to do with planting. */
function countFindings(
  { findings }: CheckResult,
  { sourceOf, plantedOf }: PlantedData,
  stands: Poison["stands"],
  accused: ReadonlySet<number>,
  { leaves }: Pick<Table, "leaves">,
): { readonly found: number; readonly others: number } {
  // Equal records are interchangeable: whichever of them a planted copy stands beside is accused for it.
  const plantedBeside = new Map<number, number>();
  if (stands !== "instead") {
    for (const [row, index] of plantedOf.entries())
      if (index >= 0) plantedBeside.set(firstRowOf(leaves, sourceOf[row]!), index);
  }
  const found = new Set<number>();
  const others = new Set<number>();
  for (const { record: row } of findings) {
    const source = sourceOf[row]!;
    const own = plantedOf[row]!;
    if (own < 0 && accused.has(source)) continue;
    const index = own >= 0 ? own : plantedBeside.get(firstRowOf(leaves, source));
    if (index === undefined) others.add(row);
    else found.add(index);
  }
  return { found: found.size, others: others.size };
}

/** First row of the equal leaves among which a row is. */
function firstRowOf(leaves: Uint8Array, row: number): number {
  let first = row;
  while (first > 0 && sameLeaf(leaves, first - 1, row)) first--;
  return first;
}

function sentenceOf({ smallest, tried }: Power, what: string, reasons: readonly string[]): string {
  const at = ({ fraction, recall }: TriedPower): string => `${percent(fraction)} (${percent(recall)} found)`;
  const because = reasons.length > 0 ? `: ${reasons.join("; ")}` : "";
  const caught = tried.find(({ fraction }) => fraction === smallest);
  if (!caught)
    return `power: could not have seen ${what} here; missed them in ${tried.map(at).join(", ")} of the records${because}`;
  const missed = tried.filter(({ recall }) => recall < LEAST_RECALL);
  const rest = missed.length > 0 ? `, missed them in ${missed.map(at).join(", ")}` : ", the least that was tried";
  return `power: caught ${what} in ${at(caught)} of the records${rest}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
