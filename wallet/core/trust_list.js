/**
 * The trust list: the versioned, root-signed list of keys that a verifier accepts. Reads a first list, trusting roots
 * handed over by other means; the order of the rules is that of the service.
 */

import { ALGORITHMS } from "./algorithms.js";
import { decodeCbor, encodeCbor } from "./cbor.js";
import { ALG, KID, readSign, signerStructure } from "./cose.js";
import { Rejected, STATUS_STALE, UNKNOWN_KEY, WRONG_KEY_USAGE } from "./reasons.js";

const TRUST_PURPOSE = "CC1 trust";
/** Bytes of the largest list that is read: room for about 500 keys. */
const MAX_TRUST_LIST = 65_536;
const FORMAT = 1;
const FIELDS = ["format", "version", "issued", "expires", "threshold", "roots", "keys", "killed"];
const KEY_FIELDS = ["alg", "use", "point", "from", "until", "verify"];
const PURPOSES = new Set(["grant", "served", "paper", "status", "token", "checkpoint"]);
const KID_BYTES = 8;

/** The list is refused; the message names the rule. */
export class TrustListError extends Error {}

/** Keys by identifier in hexadecimal. Times are epoch seconds, ends are exclusive. */
export class TrustList {
  /** @param {{version: number, issued: number, expires: number, keys: Map<string, object>, killed: Set<string>}} body */
  constructor({ version, issued, expires, keys, killed }) {
    Object.assign(this, { version, issued, expires, keys, killed });
  }

  /**
   * The key that may verify signatures of a purpose now.
   *
   * @param {Uint8Array} kid
   * @param {string} purpose
   * @param {number} now
   * @returns {{algorithm: string, purpose: string, verify: (signature: Uint8Array, message: Uint8Array) => Promise<boolean>}}
   * @throws {Rejected} status_stale, unknown_key or wrong_key_usage
   */
  find(kid, purpose, now) {
    if (now >= this.expires) throw new Rejected(STATUS_STALE);
    const name = hex(kid);
    const key = this.keys.get(name);
    if (key === undefined || this.killed.has(name)) throw new Rejected(UNKNOWN_KEY);
    if (key.purpose !== purpose) throw new Rejected(WRONG_KEY_USAGE);
    if (now < key.signFrom || now >= key.verifyUntil) throw new Rejected(UNKNOWN_KEY);
    return key;
  }
}

/**
 * @param {Uint8Array} bytes one untagged COSE_Sign
 * @param {object} trusted
 * @param {{algorithm: string, public: Uint8Array}[]} trusted.roots
 * @param {number} trusted.threshold
 * @param {number} trusted.now
 * @returns {Promise<TrustList>}
 * @throws {TrustListError}
 */
export async function openTrustList(bytes, { roots, threshold, now }) {
  if (bytes.length > MAX_TRUST_LIST) throw new TrustListError("too large");
  try {
    const { payload, signatures } = readSign(bytes);
    const body = await readBody(decodeCbor(payload));
    await requireThreshold(payload, signatures, await Promise.all(roots.map(loadRoot)), threshold);
    await requireThreshold(payload, signatures, body.roots, body.threshold);
    if (body.issued > now) throw new TrustListError("issued in the future");
    if (body.expires <= body.issued) throw new TrustListError("expires before it was issued");
    return new TrustList(body);
  } catch (error) {
    if (error instanceof RangeError) throw new TrustListError(error.message, { cause: error });
    throw error;
  }
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

async function requireThreshold(payload, signatures, roots, threshold) {
  const byKid = new Map(roots.map((root) => [hex(root.kid), root]));
  if (threshold < 1 || byKid.size < threshold) throw new TrustListError("the threshold is not reachable");
  const valid = new Set();
  for (const { protectedHeader, kid, signature } of signatures) {
    const root = byKid.get(hex(kid));
    if (root && await isSigned(root, protectedHeader, payload, signature)) valid.add(hex(kid));
  }
  if (valid.size < threshold) throw new TrustListError(`signed by ${valid.size} of the ${threshold} roots needed`);
}

async function isSigned(root, protectedHeader, payload, signature) {
  const expected = encodeCbor(new Map([[ALG, root.cose], [KID, root.kid]]));
  return hex(protectedHeader) === hex(expected)
    && root.verify(signature, signerStructure(protectedHeader, TRUST_PURPOSE, payload));
}

async function readBody(value) {
  const body = exactly(value, FIELDS);
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

async function readRoot(entry) {
  if (!Array.isArray(entry) || entry.length !== 2) throw new RangeError("not a root of this format");
  return loadRoot({ algorithm: entry[0], public: entry[1] });
}

async function loadRoot({ algorithm, public: point }) {
  return { kid: await kidOf(algorithm, bytesOf(point)), cose: rowOf(algorithm).cose, verify: rowOf(algorithm).load(point) };
}

async function readKey(value) {
  const entry = exactly(value, KEY_FIELDS);
  const [from, until, verifyUntil] = ["from", "until", "verify"].map((name) => entry.get(name));
  if (![from, until, verifyUntil].every(isInteger) || from > until || until > verifyUntil) throw new RangeError("the times of a key are out of order");
  const [algorithm, purpose, point] = [entry.get("alg"), entry.get("use"), bytesOf(entry.get("point"))];
  if (!PURPOSES.has(purpose)) throw new RangeError("no such purpose");
  const verify = rowOf(algorithm).load(point);
  return { kid: hex(await kidOf(algorithm, point)), algorithm, purpose, signFrom: from, verifyUntil, verify };
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

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
