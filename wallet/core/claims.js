/** The claims of a grant (CWT, RFC 8392) by the closed schema of each kind of code. Verifies nothing. */

import { CURVES } from "./algorithms.js";
import { decodeCbor } from "./cbor.js";

const EXP = 4;
const NBF = 5;
const IAT = 6;
const CNF = 8;
const CITY = -70001;
const COSE_KEY = 1;
const KTY = 1;
const CRV = -1;
const X = -2;
const Y = -3;
const EC2 = 2;
const COORDINATE = 32;

const MAX_TIME = 2 ** 33;
const MAX_LIST = 2 ** 16;
const MAX_INDEX = 2 ** 32;
const MAX_SCENES = 2 ** 16;
const MAX_ENTITLEMENT = 2 ** 8;
const MAX_ENTITLEMENT_VALUE = 2 ** 16;
const MAX_ENTITLEMENTS = 16;

export const DEVICE = "91";
export const SERVED = "92";
export const PAPER = "93";

/**
 * How the issuer signs a kind: external_aad, purpose of the key, and the claims of its closed schema.
 *
 * @type {Map<string, {aad: string, purpose: string, claims: number[]}>}
 */
export const FORMS = new Map([
  [DEVICE, { aad: "CC1 grant", purpose: "grant", claims: [EXP, NBF, CNF, CITY] }],
  [SERVED, { aad: "CC1 served", purpose: "served", claims: [EXP, IAT, CITY] }],
  [PAPER, { aad: "CC1 paper", purpose: "paper", claims: [EXP, NBF, CITY] }],
]);

/**
 * Times are epoch seconds; `list` and `idx` are the grant's only identifier. `issued` is nbf for device and paper
 * codes and iat for served codes; `device` is the holder's compressed point, `generation` counts prints on paper.
 *
 * @typedef {{list: number, idx: number, scenes: number, entitlements: Map<number, number>, issued: number,
 *   expires: number, device: Uint8Array|null, generation: number|null}} Grant
 */

/**
 * @param {string} kind first two digits of the code
 * @param {import("./cose.js").UnverifiedSign1} signed
 * @returns {Grant}
 * @throws {RangeError} when a claim is missing, unknown, or outside its limit
 */
export function readGrant(kind, signed) {
  const claims = mapOf(decodeCbor(signed.payload), FORMS.get(kind).claims);
  const city = claims.get(CITY);
  if (!Array.isArray(city) || city.length !== (kind === PAPER ? 5 : 4)) throw new RangeError("not the city's claim");
  return {
    list: number(city[0], MAX_LIST),
    idx: number(city[1], MAX_INDEX),
    scenes: number(city[2], MAX_SCENES),
    entitlements: readEntitlements(city[3]),
    issued: number(claims.get(kind === SERVED ? IAT : NBF), MAX_TIME),
    expires: number(claims.get(EXP), MAX_TIME),
    device: kind === DEVICE ? readDevice(claims.get(CNF), signed.alg) : null,
    generation: kind === PAPER ? number(city[4], MAX_LIST) : null,
  };
}

/**
 * @param {unknown} value moment of a shown code
 * @returns {number} epoch seconds
 * @throws {RangeError}
 */
export function readMoment(value) {
  return number(value, MAX_TIME);
}

function number(value, limit) {
  if (typeof value !== "number" || value < 0 || value >= limit) throw new RangeError("not a number in its limits");
  return value;
}

/** A map with exactly these keys. */
function mapOf(value, keys) {
  if (!(value instanceof Map) || value.size !== keys.length || !keys.every((key) => value.has(key))) {
    throw new RangeError("not the claims of this kind");
  }
  return value;
}

function readEntitlements(value) {
  if (!(value instanceof Map) || value.size > MAX_ENTITLEMENTS) throw new RangeError("not a map of entitlements");
  for (const [key, entry] of value) {
    number(key, MAX_ENTITLEMENT);
    number(entry, MAX_ENTITLEMENT_VALUE);
  }
  return value;
}

function readDevice(value, alg) {
  const key = mapOf(mapOf(value, [COSE_KEY]).get(COSE_KEY), [KTY, CRV, X, Y]);
  const x = key.get(X);
  const odd = key.get(Y);
  if (key.get(KTY) !== EC2 || typeof odd !== "boolean" || !(x instanceof Uint8Array) || x.length !== COORDINATE) {
    throw new RangeError("not a compressed point");
  }
  // The phone signs by the issuer's algorithm, so its key lies on that curve; an unknown algorithm is refused later.
  const curve = CURVES.get(alg);
  if (curve !== undefined && key.get(CRV) !== curve) throw new RangeError("a point of another curve");
  const point = new Uint8Array(1 + COORDINATE);
  point[0] = odd ? 3 : 2;
  point.set(x, 1);
  return point;
}
