/** P-256 keys that never leave WebCrypto: making, signing, public forms, and signed requests (JWS, RFC 7515). */

import { jsonToBase64url, fromBase64url, toBase64url } from "./base64url.js";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

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
 * @returns {(bytes: Uint8Array) => Promise<Uint8Array>} ES256 signer giving r and s, 64 bytes
 */
export function signer(privateKey) {
  return async (bytes) => new Uint8Array(await globalThis.crypto.subtle.sign(ES256, privateKey, bytes));
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
export async function signJws(privateKey, header, payload) {
  const input = `${jsonToBase64url({ ...header, alg: "ES256" })}.${jsonToBase64url(payload)}`;
  const signature = await signer(privateKey)(new TextEncoder().encode(input));
  return `${input}.${toBase64url(signature)}`;
}
