/** What SM2 signs (GB/T 32918.2 sections 5.5 and 6.1) on the recommended curve, for whichever library has SM3. */

import { fromHex } from "./hex.js";
import { utf8 } from "./utf8.js";

export const SM2_COSE = -70101;
export const SM2_CURVE = -70101;

/** a, b and the base point, as they stand in Z. */
const DOMAIN = fromHex("fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
  + "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
  + "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
  + "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0");
const DEFAULT_IDENTITY = utf8("1234567812345678");

/**
 * e = SM3(Z || message), where Z = SM3(bits of the identity || identity || a || b || base || public key).
 *
 * @param {(bytes: Uint8Array) => string} sm3 gives hexadecimal
 * @param {Uint8Array} whole the public key, uncompressed
 * @param {Uint8Array} identity of the signer; empty for the default of GM/T 0009
 * @param {Uint8Array} message
 * @returns {Uint8Array} 32 bytes
 */
export function digest(sm3, whole, identity, message) {
  const name = identity.length > 0 ? identity : DEFAULT_IDENTITY;
  const bits = 8 * name.length;
  const z = sm3(Uint8Array.of(bits >> 8, bits & 0xff, ...name, ...DOMAIN, ...whole.subarray(1)));
  return fromHex(sm3(Uint8Array.of(...fromHex(z), ...message)));
}
