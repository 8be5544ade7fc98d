/**
 * Requests to S3-compatible storage: signed with the credentials of the usual `AWS_*` environment variables, which are read
 * where the request is made, so that no secret travels with the description of a file.
 */

import { SourceError } from "@assay/merkle";
import { AwsV4Signer } from "aws4fetch";
import { checkDataPath } from "./data-path.js";
import { type AskRemote, letGo, send } from "./http-request.js";

/** Where something is: `s3://bucket/key`. */
export interface S3Place {
  readonly bucket: string;
  /** Without a leading `/`; empty or with `/` at its end: all objects under it. */
  readonly key: string;
}

/** Bytes of an error's body that are looked at. */
const ERROR_BYTES = 8192;

/** Takes an `s3://` location apart. Throws RangeError when it is none; FormatError `bad-path` for a key that no URL can name. */
export function parseS3Location(location: string): S3Place {
  const [, bucket, key = ""] =
    /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9])(?:\/(.*))?$/is.exec(location) ?? [];
  if (bucket === undefined)
    throw new RangeError(
      `${location} is no s3://bucket/key, with a bucket of 3 to 63 letters, digits, dots and hyphens`,
    );
  // A URL has no segment `.` or `..`: what would be asked for is another object.
  if (key !== "") checkDataPath(key.replace(/\/$/, ""));
  return { bucket, key };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What every request of a bucket needs. */
export interface S3Access {
  /** URL of the bucket, without `/` at its end. */
  readonly base: string;
  readonly region: string;
  /** Absent: requests are not signed, for what everybody may read. */
  readonly keys?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
}

/** How a bucket is reached, as the environment says. Throws SourceError `cannot-read` for an endpoint that is no URL. */
export function s3Access(bucket: string, environment: Environment = globalThis.process?.env ?? {}): S3Access {
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || "us-east-1";
  const endpoint = environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL;
  if (endpoint !== undefined && endpoint !== "" && !/^https?:\/\/[^/@?#]+(?:\/[^?#]*)?$/.test(endpoint))
    throw new SourceError("cannot-read", "AWS_ENDPOINT_URL is not the http(s) URL of a server", {
      details: { variable: "AWS_ENDPOINT_URL" },
    });
  // A bucket with dots has no certificate of its own.
  const base = endpoint
    ? `${endpoint.replace(/\/+$/, "")}/${bucket}`
    : bucket.includes(".")
      ? `https://s3.${region}.amazonaws.com/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  if (!accessKeyId || !secretAccessKey) return { base, region };
  const sessionToken = environment.AWS_SESSION_TOKEN;
  return { base, region, keys: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } };
}

/** The key in a URL: every byte that means something there is escaped. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

/** Asks for an object of a bucket. */
export function askS3(location: string): AskRemote {
  const { bucket, key } = parseS3Location(location);
  const access = s3Access(bucket);
  return (headers, signal) => requestS3(access, `/${encodeKey(key)}`, location, headers, signal);
}

/**
 * One signed GET.
 *
 * @param path behind the URL of the bucket, escaped, with its query.
 * @param shown what messages call it.
 * @throws SourceError `not-found`, `permission-denied`, `cannot-read`, with what the server says; TransientFault.
 */
export async function requestS3(
  { base, region, keys }: S3Access,
  path: string,
  shown: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly response: Response; readonly url: string }> {
  const url = `${base}${path}`;
  const signed = keys === undefined ? headers : await sign(url, headers, region, keys);
  const options = { headers: { ...signed, "accept-encoding": "identity" }, redirect: "manual", signal } as const;
  const response = await send(new URL(url), options);
  const { status } = response;
  // 412 and 416 tell of the object, the others may go away: they are judged where the range is.
  if (status < 300 || status >= 500 || [408, 412, 416, 429].includes(status)) return { response, url };
  const said = await errorCode(response);
  const code = status === 404 ? "not-found" : status === 401 || status === 403 ? "permission-denied" : "cannot-read";
  const bucketRegion = response.headers.get("x-amz-bucket-region");
  const away = bucketRegion !== null && /^[a-z0-9-]{1,32}$/.test(bucketRegion) && bucketRegion !== region;
  const hint = away
    ? `. The bucket is in the region ${bucketRegion}: set AWS_REGION`
    : code === "permission-denied"
      ? keys === undefined
        ? ". There are no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        : ". Check the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
      : "";
  throw new SourceError(code, `Cannot read ${shown}: the storage answers ${said ?? `with status ${status}`}${hint}`, {
    details: { path: shown, status, ...(said === null ? {} : { said }) },
  });
}

async function sign(
  url: string,
  headers: Readonly<Record<string, string>>,
  region: string,
  keys: NonNullable<S3Access["keys"]>,
): Promise<Record<string, string>> {
  const signer = new AwsV4Signer({ method: "GET", url, headers: { ...headers }, service: "s3", region, ...keys });
  const signed = await signer.sign();
  return Object.fromEntries(signed.headers);
}

/** The code in the XML of an error, or `null`. */
async function errorCode(response: Response): Promise<string | null> {
  const reader = response.body?.getReader();
  let text = "";
  const decoder = new TextDecoder();
  while (reader !== undefined && text.length < ERROR_BYTES) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done || value === undefined) break;
    text += decoder.decode(value.subarray(0, ERROR_BYTES), { stream: true });
  }
  if (reader === undefined) await letGo(response);
  else await reader.cancel().catch(() => {});
  return /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1] ?? null;
}
