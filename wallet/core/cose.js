/** COSE_Sign1 and COSE_Sign (RFC 9052), untagged: writing, taking apart, and the bytes to be signed. Verifies nothing. */

import { decodeCbor, encodeCbor } from "./cbor.js";
import { utf8 } from "./utf8.js";

/** Header parameters (RFC 9052 section 3.1). */
export const ALG = 1;
export const KID = 4;

/**
 * A COSE_Sign1 whose signature nobody has checked yet.
 *
 * @typedef {{protectedHeader: Uint8Array, alg: number|bigint, kid: Uint8Array|null, payload: Uint8Array,
 *   signature: Uint8Array}} UnverifiedSign1
 */

/**
 * Sig_structure of RFC 9052 section 4.4 for a COSE_Sign1, over the bytes as received.
 *
 * @param {Uint8Array} protectedHeader
 * @param {string} purpose the external_aad, such as "CC1 show"
 * @param {Uint8Array} payload
 * @returns {Uint8Array}
 */
export function sigStructure(protectedHeader, purpose, payload) {
  return encodeCbor(["Signature1", protectedHeader, utf8(purpose), payload]);
}

/**
 * Sig_structure of RFC 9052 section 4.4 for one signer of a COSE_Sign with an empty body header.
 *
 * @param {Uint8Array} protectedHeader the signer's
 * @param {string} purpose the external_aad
 * @param {Uint8Array} payload
 * @returns {Uint8Array}
 */
export function signerStructure(protectedHeader, purpose, payload) {
  return encodeCbor(["Signature", new Uint8Array(0), protectedHeader, utf8(purpose), payload]);
}

/**
 * @param {Uint8Array} protectedHeader
 * @param {Uint8Array} payload
 * @param {Uint8Array} signature
 * @returns {Uint8Array}
 */
export function writeSign1(protectedHeader, payload, signature) {
  return encodeCbor([protectedHeader, new Map(), payload, signature]);
}

/**
 * Header parameters other than alg and kid (key URLs, embedded keys, crit) are refused; the unprotected header must
 * be empty. The length of the signature is its algorithm's business.
 *
 * @param {Uint8Array} bytes
 * @returns {UnverifiedSign1}
 * @throws {RangeError} when it is no COSE_Sign1 of this project's shape
 */
export function readSign1(bytes) {
  const parts = decodeCbor(bytes);
  if (!Array.isArray(parts) || parts.length !== 4) throw new RangeError("not a COSE_Sign1");
  const [protectedHeader, unprotectedHeader, payload, signature] = parts;
  if (!isEmptyMap(unprotectedHeader) || ![protectedHeader, payload, signature].every(isBytes)) {
    throw new RangeError("not a COSE_Sign1");
  }
  return { protectedHeader, ...readHeader(protectedHeader), payload, signature };
}

/**
 * @param {Uint8Array} bytes
 * @returns {{payload: Uint8Array, signatures: {protectedHeader: Uint8Array, kid: Uint8Array, signature: Uint8Array}[]}}
 * @throws {RangeError} when it is no COSE_Sign whose every signer names a key
 */
export function readSign(bytes) {
  const parts = decodeCbor(bytes);
  if (!Array.isArray(parts) || parts.length !== 4) throw new RangeError("not a COSE_Sign");
  const [bodyHeader, unprotectedHeader, payload, signers] = parts;
  if (!isBytes(bodyHeader) || bodyHeader.length !== 0 || !isEmptyMap(unprotectedHeader) || !isBytes(payload)
    || !Array.isArray(signers)) {
    throw new RangeError("not a COSE_Sign");
  }
  return { payload, signatures: signers.map(readSigner) };
}

function readSigner(parts) {
  if (!Array.isArray(parts) || parts.length !== 3) throw new RangeError("not a COSE_Signature");
  const [protectedHeader, unprotectedHeader, signature] = parts;
  if (!isBytes(protectedHeader) || !isEmptyMap(unprotectedHeader) || !isBytes(signature)) {
    throw new RangeError("not a COSE_Signature");
  }
  const header = decodeCbor(protectedHeader);
  const kid = header instanceof Map ? header.get(KID) : undefined;
  if (!isBytes(kid)) throw new RangeError("a signature names no key");
  return { protectedHeader, kid, signature };
}

function readHeader(bytes) {
  const header = decodeCbor(bytes);
  if (!(header instanceof Map) || ![...header.keys()].every((key) => key === ALG || key === KID)) {
    throw new RangeError("header parameters other than alg and kid");
  }
  const alg = header.get(ALG);
  const kid = header.has(KID) ? header.get(KID) : null;
  if (typeof alg !== "number" && typeof alg !== "bigint") throw new RangeError("alg is not a number");
  if (kid !== null && !isBytes(kid)) throw new RangeError("kid is not a byte string");
  return { alg, kid };
}

function isBytes(value) {
  return value instanceof Uint8Array;
}

function isEmptyMap(value) {
  return value instanceof Map && value.size === 0;
}
