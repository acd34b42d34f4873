/** COSE_Sign1 (RFC 9052), untagged, ES256 only: writing, taking apart, and the bytes to be signed. Verifies nothing. */

import { decodeCbor, encodeCbor } from "./cbor.js";

/** The protected header {1: -7} as its own bytes. */
export const ES256_PROTECTED = Uint8Array.of(0xa1, 0x01, 0x26);
export const SIGNATURE_BYTES = 64;

/** Order of P-256 and its half; SEC 2, section 2.4.2. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;

/**
 * Sig_structure of RFC 9052 section 4.4.
 *
 * @param {Uint8Array} protectedHeader
 * @param {string} purpose the external_aad, such as "CC1 show"
 * @param {Uint8Array} payload
 * @returns {Uint8Array}
 */
export function sigStructure(protectedHeader, purpose, payload) {
  return encodeCbor(["Signature1", protectedHeader, new TextEncoder().encode(purpose), payload]);
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
 * @param {Uint8Array} bytes
 * @returns {{protectedHeader: Uint8Array, payload: Uint8Array, signature: Uint8Array}} unverified parts
 * @throws {RangeError} when it is no COSE_Sign1 of this project's shape
 */
export function readSign1(bytes) {
  const parts = decodeCbor(bytes);
  if (!Array.isArray(parts) || parts.length !== 4) throw new RangeError("not a COSE_Sign1");
  const [protectedHeader, unprotectedHeader, payload, signature] = parts;
  const wellFormed = protectedHeader instanceof Uint8Array && payload instanceof Uint8Array
    && unprotectedHeader instanceof Map && unprotectedHeader.size === 0
    && signature instanceof Uint8Array && signature.length === SIGNATURE_BYTES;
  if (!wellFormed) throw new RangeError("not a COSE_Sign1 of the city code");
  return { protectedHeader, payload, signature };
}

/**
 * The one of the two valid forms (r, s) and (r, n - s) that verifiers accept. WebCrypto gives either.
 *
 * @param {Uint8Array} signature r and s, 32 bytes each
 * @returns {Uint8Array}
 */
export function lowS(signature) {
  if (signature.length !== SIGNATURE_BYTES) throw new RangeError("not an ES256 signature");
  let s = 0n;
  for (const byte of signature.subarray(32)) s = (s << 8n) | BigInt(byte);
  if (s <= HALF_ORDER) return signature;
  const normal = signature.slice();
  let rest = ORDER - s;
  for (let place = 63; place >= 32; place -= 1, rest >>= 8n) normal[place] = Number(rest & 0xffn);
  return normal;
}
