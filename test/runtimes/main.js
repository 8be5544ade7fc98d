/** The program on a runtime with a file system: `RUNTIME main.js FOLDER` prints one line of JSON. */

import { readdirSync, readFileSync } from "node:fs";
import { answers } from "./program.js";

const folder = process.argv[2];
const bytesOf = (name) => new Uint8Array(readFileSync(`${folder}/${name}`));
const names = readdirSync(folder)
  .filter((name) => /\.(csv|jsonl|arrow|parquet)$/.test(name))
  .sort();
console.log(JSON.stringify(await answers(new Map(names.map((name) => [name, bytesOf(name)])), bytesOf("schema.json"))));
