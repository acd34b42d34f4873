/**
 * `node conformance/reader.mjs CONTEXT.json < code` prints the decision of the JavaScript verifier as one JSON object.
 *
 * The code is taken to the byte: a line feed at its end is part of it.
 */

import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";

import { decideIn } from "../wallet/core/context.js";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node conformance/reader.mjs CONTEXT.json < code");
  process.exit(2);
}
const context = JSON.parse(await readFile(file, "utf8"));
const scanned = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await buffer(process.stdin));
console.log(JSON.stringify(await decideIn(scanned, context)));
