/**
 * ECDSA on P-256 with SHA-256. Built from the library's parts: its own P-256 comes with hashing to the curve, which needs
 * a TextEncoder as soon as it is loaded, and WeChat has none.
 */

import { ecdsa, weierstrassN } from "./lib/curves/abstract/weierstrass.js";
import { sha256 } from "./lib/hashes/sha2.js";

/** FIPS 186-4, section D.1.2.3, as SP 800-186 repeats it. */
const CURVE = {
  p: BigInt("0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
  n: BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
  h: BigInt(1),
  a: BigInt("0xffffffff00000001000000000000000000000000fffffffffffffffffffffffc"),
  b: BigInt("0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
  Gx: BigInt("0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
  Gy: BigInt("0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
};

export const p256 = ecdsa(weierstrassN(CURVE), sha256);
