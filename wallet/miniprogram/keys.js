/**
 * The keys of a mini-program, as the `Keys` of core/platform.js. There is no WebCrypto: a library computes, and a private
 * key is 32 bytes that whoever reads the phone's memory can read. That is why grants live for a day at most.
 */

import { ApiError } from "./core/api.js";
import { compress } from "./core/points.js";
import { toBase64url } from "./core/base64url.js";
import { hmac } from "./lib/hashes/hmac.js";
import { sha256 } from "./lib/hashes/sha2.js";
import { ask } from "./call.js";
import { p256 } from "./p256.js";
import { makeSm2Key, signSm2 } from "./sm2.js";

/** COSE number of ES256 (RFC 9053 section 2.1). */
const ES256_COSE = -7;
/** Bytes for a scalar of P-256 without bias (FIPS 186-5 appendix A.2.1). */
const SEED_BYTES = 48;
const COORDINATE = 32;
const MAKERS = { ES256: makeP256Key, SM2: makeSm2Key };

/** @type {import("./core/platform.js").Keys} */
export const wechatKeys = {
  async makeDeviceKey() {
    const { whole, privateKey } = await makeKey();
    const [x, y] = [whole.subarray(1, 1 + COORDINATE), whole.subarray(1 + COORDINATE)];
    return { jwk: { kty: "EC", crv: "P-256", x: toBase64url(x), y: toBase64url(y) }, privateKey };
  },
  async makeGrantKey(algorithm) {
    if (!Object.hasOwn(MAKERS, algorithm)) throw new ApiError({ status: 0, code: "algorithm_unknown" });
    return MAKERS[algorithm]();
  },
  holderOf(privateKey) {
    if (privateKey instanceof Uint8Array) return { cose: ES256_COSE, sign: (bytes) => signP256(privateKey, bytes) };
    return { cose: privateKey.cose, sign: (bytes) => signSm2(privateKey, bytes) };
  },
  hmac: async (key, message) => hmac(sha256, key, message),
};

async function makeP256Key() {
  const { whole, privateKey } = await makeKey();
  return { point: compress(whole), privateKey };
}

async function signP256(privateKey, bytes) {
  return p256.sign(bytes, privateKey, { lowS: true, prehash: true }).toBytes("compact");
}

async function makeKey() {
  const { randomValues } = await ask("getRandomValues", { length: SEED_BYTES });
  const privateKey = p256.utils.randomSecretKey(new Uint8Array(randomValues));
  return { whole: p256.getPublicKey(privateKey, false), privateKey };
}
