/** What WebCrypto leaves to its caller of P-256 (SEC 2, section 2.4.2): points from 33 bytes, and low s. */

import { decompress as decompressOn, toInteger, writeInteger } from "./points.js";

const CURVE = {
  field: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
};
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;
const COORDINATE = 32;
export const SIGNATURE_BYTES = 2 * COORDINATE;

/**
 * @param {Uint8Array} point compressed, 33 bytes (SEC 1 section 2.3.4)
 * @returns {Uint8Array} uncompressed, 65 bytes, as WebCrypto imports it
 * @throws {RangeError} when the bytes are no point of the curve
 */
export function decompress(point) {
  return decompressOn(point, CURVE);
}

/**
 * Whether r and s are in their range and s is in the lower half. ECDSA also accepts (r, n - s): one message would
 * have two valid codes.
 *
 * @param {Uint8Array} signature
 * @returns {boolean}
 */
export function isLowS(signature) {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const r = toInteger(signature.subarray(0, COORDINATE));
  const s = toInteger(signature.subarray(COORDINATE));
  return r > 0n && r < ORDER && s > 0n && s <= HALF_ORDER;
}

/**
 * The one of the two valid forms (r, s) and (r, n - s) that verifiers accept. WebCrypto gives either.
 *
 * @param {Uint8Array} signature r and s, 32 bytes each
 * @returns {Uint8Array}
 */
export function lowS(signature) {
  if (signature.length !== SIGNATURE_BYTES) throw new RangeError("not an ES256 signature");
  const s = toInteger(signature.subarray(COORDINATE));
  if (s <= HALF_ORDER) return signature;
  const normal = signature.slice();
  writeInteger(normal, ORDER - s);
  return normal;
}
