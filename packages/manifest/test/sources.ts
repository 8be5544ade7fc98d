import { readdirSync, readFileSync } from "node:fs";
import { parseSchema, type Source, type SplitRule, scanSource, sourceOfBytes } from "@assay/records";
import { type BuildManifestOptions, type BuiltManifest, buildManifest } from "../src/build.js";

const root = new URL("../../../test/vectors/assay/dataset/", import.meta.url);

/** The bytes of a layout of the data set vectors, by path. */
export function layoutFiles(layout: string): Map<string, Uint8Array> {
  const folder = new URL(`files/${layout}/`, root);
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((item) => item.isFile());
  const base = decodeURIComponent(folder.pathname);
  return new Map(
    paths.map((item) => {
      const path = `${item.parentPath}/${item.name}`.replaceAll("//", "/");
      return [path.slice(base.length), readFileSync(path)];
    }),
  );
}

/** The declared schema of the data set vectors. */
export const schema = parseSchema(readFileSync(new URL("schema.json", root)));

export function sourceOf(files: ReadonlyMap<string, Uint8Array>, name = "tiny"): Promise<Source> {
  return sourceOfBytes(
    name,
    [...files].map(([path, bytes]) => ({ path, bytes })),
    { schema },
  );
}

export async function buildOf(
  files: ReadonlyMap<string, Uint8Array>,
  options: BuildManifestOptions = {},
): Promise<BuiltManifest> {
  return buildManifest(await scanSource(await sourceOf(files)), options);
}

/** Small CSV text data sets. */
export function textFiles(files: Record<string, string>): Map<string, Uint8Array> {
  return new Map(Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]));
}

export async function buildText(
  files: Record<string, string>,
  options: BuildManifestOptions & { readonly splits?: SplitRule } = {},
): Promise<{ source: Source; built: BuiltManifest }> {
  const source = await sourceOfBytes(
    "tiny",
    [...textFiles(files)].map(([path, bytes]) => ({ path, bytes })),
  );
  return { source, built: await buildManifest(await scanSource(source), options) };
}
