/**
 * From text to an unverified code of any signed kind. Total: any text gives a code or `Rejected`, and its size is
 * looked at before anything else.
 */

import { decodeCbor } from "./cbor.js";
import { DEVICE, FORMS, readGrant, readMoment } from "./claims.js";
import { readSign1 } from "./cose.js";
import { digitsToBytes } from "./digits.js";
import { MALFORMED, Rejected, UNSUPPORTED_VERSION } from "./reasons.js";

/** Longest text that is read, guide not counted. */
export const MAX_CODE_DIGITS = 700;
const KIND_DIGITS = 2;
const KID_BYTES = 8;
const DIGITS = /^[0-9]+$/;

/**
 * The outer layer of a code: who claims to have shown which signed grant when. `show` and `iat` are null for kinds
 * that only the issuer signs.
 *
 * @typedef {{kind: string, signed: Uint8Array, show: import("./cose.js").UnverifiedSign1|null, iat: number|null}} UnverifiedShow
 */

/**
 * @param {string} text
 * @param {string|null} [guide] the city's address in front, accepted exactly or not at all
 * @returns {UnverifiedShow} the grant inside stays bytes
 * @throws {Rejected} malformed or unsupported_version
 */
export function readShow(text, guide = null) {
  if (typeof text !== "string") throw new Rejected(MALFORMED);
  const guided = guide !== null && text.length <= guide.length + MAX_CODE_DIGITS && text.startsWith(guide);
  const digits = guided ? text.slice(guide.length) : text;
  if (digits.length <= KIND_DIGITS || digits.length > MAX_CODE_DIGITS || !DIGITS.test(digits)) throw new Rejected(MALFORMED);
  const kind = digits.slice(0, KIND_DIGITS);
  if (!FORMS.has(kind)) throw new Rejected(kind.startsWith("9") ? UNSUPPORTED_VERSION : MALFORMED);
  return totally(() => {
    const bytes = digitsToBytes(digits.slice(KIND_DIGITS));
    return kind === DEVICE ? readDeviceShow(bytes) : { kind, signed: bytes, show: null, iat: null };
  });
}

/**
 * @param {string} kind
 * @param {Uint8Array} signed the inner layer of a code
 * @returns {{grant: import("./claims.js").Grant, issuer: import("./cose.js").UnverifiedSign1, kid: Uint8Array}}
 * @throws {Rejected} malformed
 */
export function readSignedGrant(kind, signed) {
  return totally(() => {
    const issuer = readSign1(signed);
    if (issuer.kid?.length !== KID_BYTES) throw new RangeError("no key identifier");
    return { grant: readGrant(kind, issuer), issuer, kid: issuer.kid };
  });
}

function readDeviceShow(bytes) {
  const show = readSign1(bytes);
  // A bare grant under the device prefix ends here: it has a kid, and its payload is no array of two.
  if (show.kid !== null) throw new RangeError("a shown code names no key");
  const payload = decodeCbor(show.payload);
  if (!Array.isArray(payload) || payload.length !== 2 || !(payload[1] instanceof Uint8Array)) throw new RangeError("not a shown grant");
  return { kind: DEVICE, signed: payload[1], show, iat: readMoment(payload[0]) };
}

/** The readers below say RangeError for what is not of their form; anything else is a fault of ours and goes on. */
function totally(read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new Rejected(MALFORMED);
    throw error;
  }
}
