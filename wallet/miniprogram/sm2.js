/**
 * Grants' keys in a city that signs by SM2 with SM3 (GB/T 32918.2). As with P-256, a private key is 32 bytes that
 * whoever reads the phone's memory can read.
 */

import { fromHex, hex } from "./core/hex.js";
import { compress, toInteger } from "./core/points.js";
import { digest, SM2_COSE } from "./core/sm2_digest.js";
import { ask } from "./call.js";
import { sm2, sm3 } from "./lib/sm_crypto.js";

const SCALAR_BYTES = 32;
/** Order of the curve less one: a private key is below it (section 6.1 of part 1), and so may be any other scalar. */
const LAST = BigInt("0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122");
const NOBODY = new Uint8Array(0);

/**
 * @typedef {{cose: number, whole: Uint8Array, scalar: Uint8Array}} Sm2Key what a store keeps; `whole` is its public half
 */

/** @returns {Promise<{point: Uint8Array, privateKey: Sm2Key}>} point compressed */
export async function makeSm2Key() {
  const scalar = await randomScalar();
  const whole = publicHalf(scalar);
  return { point: compress(whole), privateKey: { cose: SM2_COSE, whole, scalar } };
}

/** @param {Sm2Key} privateKey @param {Uint8Array} message @returns {Promise<Uint8Array>} r and s, for the default identity */
export async function signSm2({ whole, scalar }, message) {
  const k = await randomScalar();
  const x1 = toInteger(publicHalf(k).subarray(1, 1 + SCALAR_BYTES));
  // The library takes the random number from here, and computes the rest of section 6.1.
  const pointPool = [{ k: toInteger(k), x1 }];
  return fromHex(sm2.doSignature(digest(sm3, whole, NOBODY, message), hex(scalar), { pointPool }));
}

function publicHalf(scalar) {
  return fromHex(sm2.getPublicKeyFromPrivateKey(hex(scalar)));
}

/** A number from 1 to the order less two, without bias: one in four thousand million is thrown away. */
async function randomScalar() {
  for (;;) {
    const { randomValues } = await ask("getRandomValues", { length: SCALAR_BYTES });
    const scalar = new Uint8Array(randomValues);
    const value = toInteger(scalar);
    if (value > 0 && value < LAST) return scalar;
  }
}
