/**
 * Objects of S3-compatible storage as a source: `s3://bucket/key` is a file, `s3://bucket/prefix/` a folder. Sizes and entity
 * tags of a folder come from its list, so that opening it costs one request for 1,000 objects.
 */

import { FormatError } from "@assay/merkle";
import { checkDataPath, compareText } from "./data-path.js";
import { formatByContent, formatByName } from "./format-detection.js";
import type { RemoteOptions } from "./http-request.js";
import { unknownFormat } from "./memory-source.js";
import type { OpenSourceOptions } from "./open-source.js";
import { matchesPattern } from "./path-pattern.js";
import { cannotRead } from "./remote-answer.js";
import { lookAtRemote, type RemoteLook } from "./remote-file.js";
import { type ListedObject, listObjects, nothingThere } from "./s3-listing.js";
import { askS3, parseS3Location, s3Access } from "./s3-request.js";
import type { Source, SourceFile } from "./source.js";
import { sourceOfFiles } from "./source-of-files.js";

interface Found {
  readonly bucket: string;
  readonly key: string;
  /** Absent for an object that was named. */
  readonly listed?: ListedObject;
}

/**
 * Opens objects and folders of S3-compatible storage. Credentials, region and endpoint come from `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` (or `AWS_DEFAULT_REGION`) and `AWS_ENDPOINT_URL_S3` (or `AWS_ENDPOINT_URL`).
 *
 * @param locations all of them `s3://`. A folder is the root; for an object its folder; for several their deepest common folder.
 * @throws RangeError for what is no `s3://` location. SourceError `not-found`, `permission-denied`, `cannot-read`; FormatError `bad-path`,
 * `unknown-format` (an object that was named), `path-collision`, `limit-exceeded`.
 */
export async function openS3(locations: readonly string[], options: OpenSourceOptions): Promise<Source> {
  const { maxFiles = 10_000_000, ignore = [], signal, stallMs, attempts } = options;
  const remote = { ...(stallMs === undefined ? {} : { stallMs }), ...(attempts === undefined ? {} : { attempts }) };
  const patience = { ...remote, ...(signal === undefined ? {} : { signal }) };
  const places = locations.map(parseS3Location);
  const folders = places.map(({ bucket, key }) => [bucket, ...key.split("/").slice(0, -1)]);
  const root = folders.reduce((common, folder) => {
    const differs = common.findIndex((part, i) => part !== folder[i]);
    return differs < 0 ? common : common.slice(0, differs);
  });
  const found = new Map<string, Found>();
  for (const [i, { bucket, key }] of places.entries()) {
    const shown = locations[i] as string;
    if (key !== "" && !key.endsWith("/")) {
      found.set(pathOf(bucket, key, root, options), { bucket, key });
      continue;
    }
    let count = 0;
    for await (const listed of listObjects(s3Access(bucket), key, shown, patience)) {
      count++;
      // What stands for a folder holds nothing, and folders that this tool writes are about a data set.
      if (listed.key.endsWith("/") || /\.assay\//.test(listed.key.slice(key.length))) continue;
      const path = pathOf(bucket, listed.key, root, {});
      if (!found.has(path)) found.set(path, { bucket, key: listed.key, listed });
      if (found.size > maxFiles)
        throw new FormatError("limit-exceeded", `There are more than maxFiles (${maxFiles}) objects under ${shown}`, {
          details: { limit: "maxFiles", value: maxFiles },
        });
    }
    if (count === 0) throw nothingThere(shown);
  }
  const files: SourceFile[] = [];
  for (const [path, object] of [...found].sort(([a], [b]) => compareText(a, b))) {
    checkDataPath(path);
    if (ignore.some((pattern) => matchesPattern(pattern, path))) continue;
    signal?.throwIfAborted();
    files.push(await openObject(path, object, remote, { ...options, ...patience }));
  }
  const single = places.length === 1 && !(locations[0] as string).endsWith("/") && places[0]?.key !== "";
  const name = single ? (files[0]?.path.replace(/(?<=.)\.[^./]*$/, "") ?? "data") : (root.at(-1) ?? "data");
  return sourceOfFiles(name, files, [], options);
}

function pathOf(bucket: string, key: string, root: readonly string[], { path }: OpenSourceOptions): string {
  if (path !== undefined) return path;
  return [bucket, ...key.split("/")].slice(root.length).join("/");
}

async function openObject(
  path: string,
  { bucket, key, listed }: Found,
  remote: RemoteOptions,
  options: OpenSourceOptions,
): Promise<SourceFile> {
  const location = `s3://${bucket}/${key}`;
  const known = options.format ?? formatByName(path);
  if (listed !== undefined && known !== null && /^"[\x21\x23-\x7e]*"$/.test(listed.tag))
    return { path, format: known, size: listed.size, location, identity: `etag ${listed.tag}`, remote };
  const look: RemoteLook = await lookAtRemote(askS3(location), location, options);
  if (!look.ranges) throw cannotRead(location, "the storage gives no ranges of it");
  const format = known ?? (await formatByContent(look.head)) ?? (listed === undefined ? null : "other");
  if (format === null) throw unknownFormat(location);
  return { path, format, size: look.size, location, identity: look.identity, remote };
}
