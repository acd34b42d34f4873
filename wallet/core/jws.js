/** Compact JWS (RFC 7515) by ES256, whoever holds the key. */

import { jsonToBase64url, toBase64url } from "./base64url.js";
import { utf8 } from "./utf8.js";

/**
 * @param {(bytes: Uint8Array) => Promise<Uint8Array>} sign ES256, 64 bytes
 * @param {{typ: string}} header without alg
 * @param {object} payload
 * @returns {Promise<string>}
 */
export async function writeJws(sign, header, payload) {
  const input = `${jsonToBase64url({ ...header, alg: "ES256" })}.${jsonToBase64url(payload)}`;
  return `${input}.${toBase64url(await sign(utf8(input)))}`;
}
