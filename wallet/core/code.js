/** The device code (kind 91): a grant and the moment, signed by the device key, as decimal text. `reader.js` reads it. */

import { encodeCbor } from "./cbor.js";
import { ALG, sigStructure, writeSign1 } from "./cose.js";
import { bytesToDigits } from "./digits.js";

/** The two digits in front of every device code. */
export const DEVICE_CODE_KIND = "91";
/** external_aad of the level-2 signature. */
export const SHOW_PURPOSE = "CC1 show";
/** Above this many bytes the code would need more than QR version 10 at L. */
export const MAX_CODE_BYTES = 267;

/**
 * @param {object} shown
 * @param {number} shown.iat seconds, the phone's own clock
 * @param {Uint8Array} shown.grant COSE_Sign1 bytes as the issuer sent them
 * @param {number} shown.cose COSE number of the algorithm of the grant's key
 * @param {(bytes: Uint8Array) => Promise<Uint8Array>} shown.sign by the grant's key
 * @returns {Promise<string>}
 * @throws {RangeError} when the grant is too large for a code
 */
export async function writeDeviceCode({ iat, grant, cose, sign }) {
  const header = encodeCbor(new Map([[ALG, cose]]));
  const payload = encodeCbor([iat, grant]);
  const signature = await sign(sigStructure(header, SHOW_PURPOSE, payload));
  const code = writeSign1(header, payload, signature);
  if (code.length > MAX_CODE_BYTES) throw new RangeError("code too large");
  return DEVICE_CODE_KIND + bytesToDigits(code);
}
