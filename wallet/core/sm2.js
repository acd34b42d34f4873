/**
 * SM2 with SM3 (GB/T 32918.2) on the recommended curve. WebCrypto has neither: a library computes, loaded at the first
 * use, so that a city of another suite never fetches it.
 *
 * A private key rests encrypted under a key of WebCrypto that cannot be read; it is open only while it signs.
 */

import { fromHex, hex } from "./hex.js";
import { compress, decompress, toInteger } from "./points.js";
import { digest, SM2_COSE } from "./sm2_digest.js";

const CURVE = {
  field: 2n ** 256n - 2n ** 224n - 2n ** 96n + 2n ** 64n - 1n,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
};
const ORDER = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const COORDINATE = 32;
const AES = { name: "AES-GCM", length: 256 };
const NONCE_BYTES = 12;

/**
 * What a store keeps of a private key; `cose` names the algorithm.
 *
 * @typedef {{cose: number, point: Uint8Array, sealed: Uint8Array, nonce: Uint8Array, wrappingKey: CryptoKey}} SealedKey
 */

/**
 * @param {Uint8Array} point compressed
 * @param {Uint8Array} [identity] of the signer; empty for the default of GM/T 0009
 * @returns {(signature: Uint8Array, message: Uint8Array) => Promise<boolean>}
 * @throws {RangeError} when the bytes are no point of the curve
 */
export function loadSm2(point, identity = new Uint8Array(0)) {
  const whole = decompress(point, CURVE);
  return async (signature, message) => {
    // No lower half here: no second s can be had from the first without the private key.
    if (!isInRange(signature)) return false;
    const { sm2, sm3 } = await library();
    return sm2.doVerifySignature(digest(sm3, whole, identity, message), hex(signature), hex(whole));
  };
}

/**
 * @returns {Promise<{point: Uint8Array, privateKey: SealedKey}>} a new key, its private half sealed
 */
export async function makeSm2Key() {
  const { sm2 } = await library();
  const { privateKey, publicKey } = sm2.generateKeyPairHex();
  const { subtle } = globalThis.crypto;
  const wrappingKey = await subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = new Uint8Array(await subtle.encrypt({ name: AES.name, iv: nonce }, wrappingKey, fromHex(privateKey)));
  const point = compress(fromHex(publicKey));
  return { point, privateKey: { cose: SM2_COSE, point, sealed, nonce, wrappingKey } };
}

/**
 * @param {SealedKey} privateKey
 * @param {Uint8Array} message
 * @returns {Promise<Uint8Array>} r and s, 64 bytes, for the default identity
 */
export async function signSm2({ point, sealed, nonce, wrappingKey }, message) {
  const { sm2, sm3 } = await library();
  const opened = await globalThis.crypto.subtle.decrypt({ name: AES.name, iv: nonce }, wrappingKey, sealed);
  const hashed = digest(sm3, decompress(point, CURVE), new Uint8Array(0), message);
  return fromHex(sm2.doSignature(hashed, hex(new Uint8Array(opened))));
}

async function library() {
  // Not a module: it leaves its functions in the global scope.
  await import("../lib/sm_crypto.js");
  return globalThis.SmCryptoV2;
}

function isInRange(signature) {
  if (signature.length !== 2 * COORDINATE) return false;
  return [signature.subarray(0, COORDINATE), signature.subarray(COORDINATE)].every((bytes) => {
    const number = toInteger(bytes);
    return number > 0n && number < ORDER;
  });
}
