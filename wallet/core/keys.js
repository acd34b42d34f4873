/**
 * The keys of a browser, as the `Keys` of platform.js. Its own one is of P-256 and never leaves WebCrypto: it signs
 * requests (JWS, RFC 7515). Those of grants are of the city's algorithm.
 */

import { fromBase64url } from "./base64url.js";
import { writeJws } from "./jws.js";
import { lowS } from "./p256.js";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const HMAC = { name: "HMAC", hash: "SHA-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };
/** COSE number of ES256 (RFC 9053 section 2.1). */
const ES256_COSE = -7;
const MAKERS = {
  ES256: makeP256Key,
  SM2: async () => (await import("./sm2.js")).makeSm2Key(),
};

/** @returns {boolean} whether this browser and this address offer WebCrypto (https or localhost) */
export function canHoldKeys() {
  return Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);
}

/**
 * @returns {Promise<CryptoKeyPair>} the private key is not extractable; IndexedDB can keep it all the same
 */
export function makeKeyPair() {
  return globalThis.crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
}

/**
 * @param {CryptoKey} privateKey
 * @returns {(bytes: Uint8Array) => Promise<Uint8Array>} ES256 signer giving r and s, 64 bytes, s in the lower half
 */
export function signer(privateKey) {
  return async (bytes) => lowS(new Uint8Array(await globalThis.crypto.subtle.sign(ES256, privateKey, bytes)));
}

/**
 * Makes the key of a grant.
 *
 * @param {string} algorithm by which the city signs
 * @returns {Promise<{point: Uint8Array, privateKey: CryptoKey|import("./sm2.js").SealedKey}>} point compressed, 33 bytes
 * @throws {RangeError} when this wallet does not know the algorithm
 */
export async function makeGrantKey(algorithm) {
  if (!Object.hasOwn(MAKERS, algorithm)) throw new RangeError(`no such algorithm: ${algorithm}`);
  return MAKERS[algorithm]();
}

/**
 * @param {CryptoKey|import("./sm2.js").SealedKey} privateKey of a grant
 * @returns {{cose: number, sign: (bytes: Uint8Array) => Promise<Uint8Array>}} for `writeDeviceCode`
 */
export function holderOf(privateKey) {
  if (privateKey instanceof CryptoKey) return { cose: ES256_COSE, sign: signer(privateKey) };
  return { cose: privateKey.cose, sign: async (bytes) => (await import("./sm2.js")).signSm2(privateKey, bytes) };
}

async function makeP256Key() {
  const { publicKey, privateKey } = await makeKeyPair();
  return { point: await compressedPoint(publicKey), privateKey };
}

/**
 * @param {CryptoKey} publicKey
 * @returns {Promise<{kty: string, crv: string, x: string, y: string}>} exactly the four members of RFC 7518 section 6.2
 */
export async function publicJwk(publicKey) {
  const { kty, crv, x, y } = await globalThis.crypto.subtle.exportKey("jwk", publicKey);
  return { kty, crv, x, y };
}

/**
 * @param {CryptoKey} publicKey
 * @returns {Promise<Uint8Array>} compressed point, 33 bytes (SEC 1 section 2.3.3)
 */
export async function compressedPoint(publicKey) {
  const { x, y } = await publicJwk(publicKey);
  const point = new Uint8Array(33);
  point[0] = 2 + (fromBase64url(y)[31] & 1);
  point.set(fromBase64url(x), 1);
  return point;
}

/**
 * @param {CryptoKey} privateKey
 * @param {{typ: string}} header without alg
 * @param {object} payload
 * @returns {Promise<string>} compact JWS, ES256
 */
export function signJws(privateKey, header, payload) {
  return writeJws(signer(privateKey), header, payload);
}

/** @type {import("./platform.js").Keys} */
export const browserKeys = {
  async makeDeviceKey() {
    const { publicKey, privateKey } = await makeKeyPair();
    return { jwk: await publicJwk(publicKey), privateKey };
  },
  makeGrantKey,
  holderOf,
  hmac,
};

async function hmac(key, message) {
  const imported = await globalThis.crypto.subtle.importKey("raw", key, HMAC, false, ["sign"]);
  return new Uint8Array(await globalThis.crypto.subtle.sign("HMAC", imported, message));
}
