/** The signature algorithms, one row each; a verifier looks a name up and never decides by itself. */

import { decompress, isLowS } from "./p256.js";
import { loadSm2 } from "./sm2.js";
import { SM2_COSE, SM2_CURVE } from "./sm2_digest.js";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const SHA256 = { name: "ECDSA", hash: "SHA-256" };

/**
 * By name: COSE number (RFC 9053), COSE curve number of the keys, and `load`, which turns a compressed point, and the
 * signer's identity where the algorithm knows one, into (signature, message) => Promise<boolean>. It throws RangeError
 * when the bytes are no point of the curve, or the algorithm knows no identity.
 *
 * @type {Map<string, {cose: number, curve: number, load: (point: Uint8Array, identity?: Uint8Array) => Function}>}
 */
export const ALGORITHMS = new Map([
  ["ES256", { cose: -7, curve: 1, load: loadP256 }],
  ["SM2", { cose: SM2_COSE, curve: SM2_CURVE, load: loadSm2 }],
]);

/** COSE number of an algorithm to the curve of its keys. */
export const CURVES = new Map([...ALGORITHMS.values()].map(({ cose, curve }) => [cose, curve]));

function loadP256(point, identity = new Uint8Array(0)) {
  if (identity.length > 0) throw new RangeError("ES256 knows no signer's identity");
  // The point is checked at once; its key is imported at the first signature, and kept.
  const raw = decompress(point);
  let key = null;
  return async (signature, message) => {
    if (!isLowS(signature)) return false;
    key ??= globalThis.crypto.subtle.importKey("raw", raw, P256, false, ["verify"]);
    return globalThis.crypto.subtle.verify(SHA256, await key, signature, message);
  };
}
