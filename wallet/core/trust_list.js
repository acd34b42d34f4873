/**
 * The trust list: the versioned, root-signed list of keys that a verifier accepts. Rules only; the service has the same
 * in the same order.
 *
 * 1. The bytes are one COSE_Sign (RFC 9052 section 4.1) of this schema.
 * 2. Distinct roots of the list in force reach its threshold, and distinct roots named in the new list reach the new one.
 * 3. The version is the successor of the version in force, or the same bytes again.
 * 4. Killed keys stay killed; every other key stays with its point, purpose, algorithm and beginning, or is killed. The
 *    ends of a key may come nearer, never move away.
 * 5. The list is issued neither in the future nor before the one in force, and lives for at most MAX_LIFETIME.
 *
 * A first list has no list in force: the roots handed over by other means stand in for it, and rules 3 and 4 fall away.
 * Expiry is not a rule of acceptance: an expired list may lead to a newer one. It is a rule of use: `find` refuses.
 */

import { encodeCbor } from "./cbor.js";
import { ALG, KID, readSign, signerStructure } from "./cose.js";
import { hex } from "./hex.js";
import { Rejected, STATUS_STALE, UNKNOWN_KEY, WRONG_KEY_USAGE } from "./reasons.js";
import { loadRoot, readBody } from "./trust_list_body.js";

const TRUST_PURPOSE = "CC1 trust";
/** Bytes of the largest list that is read: room for about 500 keys. */
const MAX_TRUST_LIST = 65_536;
/** Seconds of the longest list: stolen roots cannot write one that is never asked for again. */
const MAX_LIFETIME = 366 * 24 * 3600;

/** Bytes of the digest by which an enrolment names the list it begins with. */
const PIN_BYTES = 16;

/** The list is refused; the message names the rule. */
export class TrustListError extends Error {}

/** Keys by identifier in hexadecimal. Times are epoch seconds, ends are exclusive. */
export class TrustList {
  /**
   * @param {import("./trust_list_body.js").Body} body
   * @param {string} digest SHA-256 of the bytes that the roots signed, in hexadecimal
   */
  constructor({ version, issued, expires, threshold, roots, keys, killed }, digest) {
    Object.assign(this, { version, issued, expires, threshold, roots, keys, killed, digest });
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
 * Reads a list when none is in force yet.
 *
 * @param {Uint8Array} bytes one untagged COSE_Sign
 * @param {object} trusted
 * @param {{algorithm: string, public: Uint8Array}[]} trusted.roots
 * @param {number} trusted.threshold
 * @param {number} trusted.now
 * @returns {Promise<TrustList>}
 * @throws {TrustListError}
 */
export async function openTrustList(bytes, { roots, threshold, now }) {
  return refusing(async () => {
    const offered = await readSigned(bytes, { roots: await Promise.all(roots.map(loadRoot)), threshold });
    requireTime(offered, now);
    return offered;
  });
}

/**
 * Reads a list without asking who signed it: one that was accepted before and kept where nobody else writes, or one
 * that is named by its digest.
 *
 * @param {Uint8Array} bytes one untagged COSE_Sign
 * @returns {Promise<TrustList>}
 * @throws {TrustListError} when it is no list of this format
 */
export async function readUnsigned(bytes) {
  return refusing(async () => {
    const { payload } = readSign(bytes);
    return new TrustList(await readBody(payload), await digestOf(payload));
  });
}

/**
 * Reads the list that is named by the first 16 bytes of its SHA-256, when none is in force yet.
 *
 * @param {Uint8Array} bytes one untagged COSE_Sign
 * @param {string|null} pin in hexadecimal, as an enrolment link carries it; null where none does, and only the
 *   connection vouches for the list
 * @returns {Promise<TrustList>} signed by its own roots
 * @throws {TrustListError} for any other list
 */
export async function openPinned(bytes, pin) {
  const name = (await digestOf(bytes)).slice(0, 2 * PIN_BYTES);
  if (pin !== null && name !== pin) throw new TrustListError("not the trust list that the enrolment names");
  return refusing(async () => {
    const offered = await readUnsigned(bytes);
    return readSigned(bytes, offered);
  });
}

/**
 * Reads the successor of the list in force, which stays in force when this throws.
 *
 * @param {TrustList} current
 * @param {Uint8Array} bytes one untagged COSE_Sign
 * @param {number} now
 * @returns {Promise<TrustList>} `current` itself when it is offered again
 * @throws {TrustListError}
 */
export async function accept(current, bytes, now) {
  return refusing(async () => {
    const offered = await readSigned(bytes, current);
    if (offered.version === current.version && offered.digest === current.digest) return current;
    if (BigInt(offered.version) !== BigInt(current.version) + 1n) {
      throw new TrustListError(`version ${offered.version} does not follow ${current.version}`);
    }
    requireAppendOnly(current, offered);
    if (offered.issued < current.issued) throw new TrustListError("issued before the list that it follows");
    requireTime(offered, now);
    return offered;
  });
}

/** Rules 1 and 2: signed by the ruling roots, and by the roots that the list itself names. */
async function readSigned(bytes, ruling) {
  if (bytes.length > MAX_TRUST_LIST) throw new TrustListError("too large");
  const { payload, signatures } = readSign(bytes);
  // One check for one root: a list that names a root a thousand times must not cost a thousand checks.
  if (new Set(signatures.map(({ kid }) => hex(kid))).size !== signatures.length) throw new TrustListError("a root signed twice");
  // Signatures first: what nobody signed is not worth reading.
  await requireThreshold(payload, signatures, ruling);
  const body = await readBody(payload);
  await requireThreshold(payload, signatures, body);
  return new TrustList(body, await digestOf(payload));
}

async function digestOf(bytes) {
  return hex(new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes)));
}

/** Rule 4. */
function requireAppendOnly(current, offered) {
  if (![...current.killed].every((kid) => offered.killed.has(kid))) throw new TrustListError("a killed key would come back");
  for (const [kid, before] of current.keys) {
    const key = offered.keys.get(kid);
    if (key !== undefined) requireSameKey(before, key);
    // Forgotten, it could come back as something else.
    else if (!offered.killed.has(kid)) throw new TrustListError("a key would be dropped without a trace");
  }
  if ([...offered.keys.keys()].some((kid) => offered.killed.has(kid) && !current.keys.has(kid))) {
    throw new TrustListError("a killed key would come back");
  }
}

function requireSameKey(before, key) {
  if (!["algorithm", "purpose", "point", "identity", "signFrom"].every((name) => before[name] === key[name])) {
    throw new TrustListError("a key would change its purpose or its beginning");
  }
  if (key.signUntil > before.signUntil || key.verifyUntil > before.verifyUntil) {
    throw new TrustListError("a key would live longer than was published");
  }
}

/** Rule 5. */
function requireTime({ issued, expires }, now) {
  if (issued > now) throw new TrustListError("issued in the future");
  if (expires <= issued) throw new TrustListError("expires before it was issued");
  if (expires > issued + MAX_LIFETIME) throw new TrustListError("valid for more than a year");
}

async function requireThreshold(payload, signatures, { roots, threshold }) {
  const byKid = new Map(roots.map((root) => [hex(root.kid), root]));
  if (threshold < 1 || byKid.size < threshold) throw new TrustListError("the threshold is not reachable");
  let valid = 0;
  for (const { protectedHeader, kid, signature } of signatures) {
    const root = byKid.get(hex(kid));
    if (root && await isSigned(root, protectedHeader, payload, signature)) valid += 1;
  }
  if (valid < threshold) throw new TrustListError(`signed by ${valid} of the ${threshold} roots needed`);
}

async function isSigned(root, protectedHeader, payload, signature) {
  const expected = encodeCbor(new Map([[ALG, root.cose], [KID, root.kid]]));
  return hex(protectedHeader) === hex(expected)
    && root.verify(signature, signerStructure(protectedHeader, TRUST_PURPOSE, payload));
}

/** What cannot be read is refused like what may not follow. */
async function refusing(read) {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RangeError) throw new TrustListError(error.message, { cause: error });
    throw error;
  }
}
