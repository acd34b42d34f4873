/** The payload of a trust list: from signed bytes to roots, keys and killed keys. Asks nobody whether to trust it. */

import { ALGORITHMS } from "./algorithms.js";
import { decodeCbor } from "./cbor.js";
import { hex } from "./hex.js";

const FORMAT = 1;
const FIELDS = ["format", "version", "issued", "expires", "threshold", "roots", "keys", "killed"];
const KEY_FIELDS = ["alg", "use", "point", "from", "until", "verify"];
const PURPOSES = new Set(["grant", "served", "paper", "status", "token", "checkpoint"]);
const KID_BYTES = 8;
/** The signer's, for algorithms that know one; left out for the algorithm's default. */
const IDENTITY = "identity";
const MAX_IDENTITY = 64;

/**
 * A root, ready to verify.
 *
 * @typedef {{kid: Uint8Array, cose: number, verify: (signature: Uint8Array, message: Uint8Array) => Promise<boolean>}} Root
 */

/**
 * A listed key; `kid`, `point` and `identity` in hexadecimal.
 *
 * @typedef {{kid: string, algorithm: string, purpose: string, point: string, identity: string, signFrom: number, signUntil: number,
 *   verifyUntil: number, verify: (signature: Uint8Array, message: Uint8Array) => Promise<boolean>}} Key
 */

/**
 * A number past 2^53 is a BigInt; comparing works with both.
 *
 * @typedef {{version: number|bigint, issued: number|bigint, expires: number|bigint, threshold: number|bigint,
 *   roots: Root[], keys: Map<string, Key>, killed: Set<string>}} Body
 */

/**
 * @param {Uint8Array} payload
 * @returns {Promise<Body>}
 * @throws {RangeError} when it is no list of this format: the schema is closed, one bad key refuses the whole
 */
export async function readBody(payload) {
  const body = exactly(decodeCbor(payload), FIELDS);
  const [version, issued, expires, threshold] = ["version", "issued", "expires", "threshold"].map((name) => body.get(name));
  const numbers = [version, issued, expires, threshold];
  const lists = [body.get("roots"), body.get("keys"), body.get("killed")];
  if (body.get("format") !== FORMAT || !numbers.every((number) => isInteger(number) && number >= 0) || !lists.every(Array.isArray)) {
    throw new RangeError("not a trust list of this format");
  }
  const [roots, keys, killed] = lists;
  const entries = await Promise.all(keys.map(readKey));
  const byKid = new Map(entries.map((key) => [key.kid, key]));
  if (byKid.size !== entries.length) throw new RangeError("a key stands twice");
  if (!killed.every((kid) => kid instanceof Uint8Array)) throw new RangeError("a killed identifier is no byte string");
  return { version, issued, expires, threshold, keys: byKid, killed: new Set(killed.map(hex)),
    roots: await Promise.all(roots.map(readRoot)) };
}

/**
 * @param {{algorithm: string, public: Uint8Array}} root
 * @returns {Promise<Root>}
 * @throws {RangeError} for an unknown algorithm, or bytes that are no point
 */
export async function loadRoot({ algorithm, public: point }) {
  const row = rowOf(algorithm);
  return { kid: await kidOf(algorithm, bytesOf(point)), cose: row.cose, verify: row.load(point) };
}

/**
 * @param {string} algorithm
 * @param {Uint8Array} point
 * @returns {Promise<Uint8Array>} the first eight bytes of SHA-256 over algorithm name, zero and point
 */
export async function kidOf(algorithm, point) {
  const named = Uint8Array.of(...new TextEncoder().encode(`${algorithm}\0`), ...point);
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", named)).slice(0, KID_BYTES);
}

async function readRoot(entry) {
  if (!Array.isArray(entry) || entry.length !== 2) throw new RangeError("not a root of this format");
  return loadRoot({ algorithm: entry[0], public: entry[1] });
}

async function readKey(value) {
  const names = value instanceof Map && value.has(IDENTITY) ? [...KEY_FIELDS, IDENTITY] : KEY_FIELDS;
  const entry = exactly(value, names);
  const [signFrom, signUntil, verifyUntil] = ["from", "until", "verify"].map((name) => entry.get(name));
  if (![signFrom, signUntil, verifyUntil].every(isInteger) || signFrom > signUntil || signUntil > verifyUntil) {
    throw new RangeError("the times of a key are out of order");
  }
  const [algorithm, purpose, point] = [entry.get("alg"), entry.get("use"), bytesOf(entry.get("point"))];
  if (!PURPOSES.has(purpose)) throw new RangeError("no such purpose");
  const identity = entry.has(IDENTITY) ? bytesOf(entry.get(IDENTITY)) : new Uint8Array(0);
  if (entry.has(IDENTITY) && (identity.length === 0 || identity.length > MAX_IDENTITY)) throw new RangeError("not an identity");
  const verify = rowOf(algorithm).load(point, identity);
  return { kid: hex(await kidOf(algorithm, point)), algorithm, purpose, point: hex(point), identity: hex(identity),
    signFrom, signUntil, verifyUntil, verify };
}

function rowOf(algorithm) {
  const row = ALGORITHMS.get(algorithm);
  if (row === undefined) throw new RangeError("no such algorithm");
  return row;
}

function exactly(value, names) {
  if (!(value instanceof Map) || value.size !== names.length || !names.every((name) => value.has(name))) {
    throw new RangeError("not a trust list of this format");
  }
  return value;
}

function bytesOf(value) {
  if (!(value instanceof Uint8Array)) throw new RangeError("a point is no byte string");
  return value;
}

function isInteger(value) {
  return typeof value === "number" || typeof value === "bigint";
}
