/**
 * The rows of a query as a source. DuckDB writes them into a Parquet file of the spool, so that they have the leaves that the
 * same rows have in any Parquet file, memory stays bounded, and both looks at them see the same rows.
 *
 * A query without ORDER BY gives its rows in any order, and another version writes other bytes: the identity of its rows is
 * the *set* root, not the digests of the file.
 */

import { existsSync, statSync } from "node:fs";
import { parse, resolve } from "node:path";
import { FormatError, SourceError } from "@assay/merkle";
import { checkDataPath } from "./data-path.js";
import type { OpenSourceOptions } from "./open-source.js";
import type { Source } from "./source.js";
import { sourceOfFiles } from "./source-of-files.js";

/** A name that bundlers do not follow: who bundles this need not have the package, and its binary cannot be bundled. */
const PACKAGE: string = "@duckdb/node-api";

type DuckDb = typeof import("@duckdb/node-api");

/** Types that Parquet has no exact place for. */
const REFUSED = /\b(?:U?HUGEINT|BIGNUM|VARINT|BIT|UNION|INTERVAL|VARIANT|GEOMETRY)\b/;

/**
 * Runs a query and opens its rows.
 *
 * @param databases the path of a database file, which is opened read-only; or nothing: the query reads files itself.
 * @param load for tests.
 * @throws RangeError for more than one database. SourceError `cannot-read` when the package is missing, there is no spool, or DuckDB
 * refuses the query; `not-found`. FormatError `unsupported-type`, `bad-path`; the reason of `signal`.
 */
export async function openQuery(
  databases: readonly string[],
  query: string,
  options: OpenSourceOptions,
  load: () => Promise<DuckDb> = () => import(/* @vite-ignore */ PACKAGE),
): Promise<Source> {
  const { spool, signal, path = "query.parquet" } = options;
  if (databases.length > 1) throw new RangeError("inputs must name one database, or none, when there is a query");
  if (spool === undefined)
    throw new SourceError(
      "cannot-read",
      "The rows of a query are copied before they are read. Give openSource a spool",
      {
        details: { query },
      },
    );
  checkDataPath(path);
  const { DuckDBInstance } = await loadDuckDb(load);
  const [database] = databases;
  if (database !== undefined && !(existsSync(database) && statSync(database).isFile()))
    throw new SourceError("not-found", `Cannot read ${database}: there is no such database file`, {
      details: { path: database },
    });
  signal?.throwIfAborted();
  // No extension is fetched from anywhere by a query.
  const settings = { autoinstall_known_extensions: "false" };
  const instance = await (database === undefined
    ? DuckDBInstance.create(":memory:", settings)
    : DuckDBInstance.create(resolve(database), { ...settings, access_mode: "READ_ONLY" })
  ).catch((error) => Promise.reject(refused(error, query)));
  const connection = await instance.connect();
  const onAbort = (): void => connection.interrupt();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const select = await onlySelect(connection, query);
    const columns = await connection.runAndReadAll(`DESCRIBE ${select}`);
    for (const [name, type] of columns.getRows()) refuseType(String(name), String(type));
    const copy = await spool.addNamed(path, async (location) => {
      await connection.run(`COPY (${select}\n) TO '${location.replaceAll("'", "''")}' (FORMAT parquet)`);
    });
    const warning = `the rows of the query were copied to a temporary file (${copy.size} bytes), which is removed in the end; without ORDER BY only the set root is their identity`;
    return sourceOfFiles(parse(path).name, [{ path, format: "parquet", ...copy }], [warning], options);
  } catch (error) {
    signal?.throwIfAborted();
    throw refused(error, query);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    connection.closeSync();
    instance.closeSync();
  }
}

async function loadDuckDb(load: () => Promise<DuckDb>): Promise<DuckDb> {
  try {
    return await load();
  } catch (cause) {
    throw new SourceError(
      "cannot-read",
      "A query needs the package @duckdb/node-api, which cannot be loaded. Install it beside this one: npm install @duckdb/node-api",
      { details: { package: "@duckdb/node-api" }, cause },
    );
  }
}

/** The text of a query that is one SELECT. A COPY or an ATTACH would do something else than give rows. */
async function onlySelect(
  connection: Awaited<ReturnType<InstanceType<DuckDb["DuckDBInstance"]>["connect"]>>,
  query: string,
): Promise<string> {
  const text = query.replace(/[;\s]+$/, "");
  const statements = text === "" ? null : await connection.extractStatements(text);
  const first = statements?.count === 1 ? await statements.prepare(0) : null;
  const isSelect = first?.statementType === 1;
  first?.destroySync();
  if (isSelect) return text;
  throw new SourceError("cannot-read", "The query is not one SELECT, so it gives no rows", { details: { query } });
}

function refuseType(column: string, type: string): void {
  if (!REFUSED.test(type)) return;
  throw new FormatError(
    "unsupported-type",
    `Column ${JSON.stringify(column)} of the query has the type ${type}, whose values would not survive. Cast it, for example to DECIMAL(38,0) or VARCHAR`,
    { details: { column, type } },
  );
}

function refused(error: unknown, query: string): unknown {
  if (!(error instanceof Error) || error instanceof SourceError || error instanceof FormatError) return error;
  // What comes behind shows the query with a mark under it.
  const line = error.message.split("\n\n")[0]?.replaceAll("\n", " ");
  return new SourceError("cannot-read", `DuckDB refuses the query: ${line}`, { details: { query }, cause: error });
}
