/** Copies of licences for one purpose: for whom, what for, until when. */

import { fromBase64url } from "./base64url.js";

const PATH = "/wallet/api/v1";
/** Lengths of a copy that are offered, of which the last is the longest there is, and the one that is chosen at first. */
export const COPY_DAYS = [1, 7, 30, 90];
export const USUAL_DAYS = 7;
/** Characters of the longest requester and purpose. */
export const LONGEST_TEXT = 100;

/**
 * @param {Function} call see api.js
 * @param {string} card
 * @returns {Promise<object[]>} the copies of one card, the newest first
 * @throws {ApiError}
 */
export async function listCopies(call, card) {
  const { copies } = await call("GET", `${PATH}/copies`);
  return copies.filter((copy) => copy.card === card);
}

/**
 * @param {Function} call
 * @param {string} card
 * @param {{requester: string, purpose: string, days: number}} asked
 * @returns {Promise<{id: string, bytes: Uint8Array, expires: number}>} bytes: the signed copy, to hand over
 * @throws {ApiError}
 */
export async function makeCopy(call, card, { requester, purpose, days }) {
  const { id, copy, expires } = await call("POST", `${PATH}/cards/${encodeURIComponent(card)}/copies`,
    { requester, purpose, days });
  return { id, bytes: fromBase64url(copy), expires };
}
