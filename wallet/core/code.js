/**
 * The device code (kind 91): a grant and the moment, signed by the device key, as decimal text.
 *
 * `readDeviceCode` takes apart what `writeDeviceCode` wrote; it checks no signature and no time.
 */

import { decodeCbor, encodeCbor } from "./cbor.js";
import { ES256_PROTECTED, lowS, readSign1, sigStructure, writeSign1 } from "./cose.js";
import { bytesToDigits, digitsToBytes } from "./digits.js";

/** The two digits in front of every device code. */
export const DEVICE_CODE_KIND = "91";
/** external_aad of the level-2 signature. */
export const SHOW_PURPOSE = "CC1 show";
/** Above this many bytes the code would need more than QR version 10 at L. */
export const MAX_CODE_BYTES = 267;
/** Size check before any work, for every kind. */
export const MAX_CODE_DIGITS = 700;

/**
 * @param {object} shown
 * @param {number} shown.iat seconds, the phone's own clock
 * @param {Uint8Array} shown.grant COSE_Sign1 bytes as the issuer sent them
 * @param {(bytes: Uint8Array) => Promise<Uint8Array>} shown.sign ES256 by the grant's device key
 * @returns {Promise<string>}
 * @throws {RangeError} when the grant is too large for a code
 */
export async function writeDeviceCode({ iat, grant, sign }) {
  const payload = encodeCbor([iat, grant]);
  const signature = lowS(await sign(sigStructure(ES256_PROTECTED, SHOW_PURPOSE, payload)));
  const code = writeSign1(ES256_PROTECTED, payload, signature);
  if (code.length > MAX_CODE_BYTES) throw new RangeError("code too large");
  return DEVICE_CODE_KIND + bytesToDigits(code);
}

/**
 * @param {string} text
 * @returns {{iat: number, grant: Uint8Array, signature: Uint8Array, signed: Uint8Array}} unverified
 * @throws {RangeError} when it is no device code
 */
export function readDeviceCode(text) {
  if (text.length > MAX_CODE_DIGITS || !text.startsWith(DEVICE_CODE_KIND)) throw new RangeError("not a device code");
  const { protectedHeader, payload, signature } = readSign1(digitsToBytes(text.slice(DEVICE_CODE_KIND.length)));
  const shown = decodeCbor(payload);
  if (!Array.isArray(shown) || shown.length !== 2) throw new RangeError("not a shown grant");
  const [iat, grant] = shown;
  if (!Number.isSafeInteger(iat) || iat < 0 || !(grant instanceof Uint8Array)) throw new RangeError("not a shown grant");
  return { iat, grant, signature, signed: sigStructure(protectedHeader, SHOW_PURPOSE, payload) };
}
