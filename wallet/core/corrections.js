/** Corrections: the holder says what is wrong in a card, and its authority answers within a time. */

const PATH = "/wallet/api/v1";
/** Characters of the longest text that the service takes. */
export const LONGEST_CORRECTION = 500;

/**
 * @param {Function} call see api.js
 * @returns {Promise<Map<string, object[]>>} requests by card, the newest first
 * @throws {ApiError}
 */
export async function listCorrections(call) {
  const { corrections } = await call("GET", `${PATH}/corrections`);
  const byCard = new Map();
  for (const entry of corrections) byCard.set(entry.card, [...(byCard.get(entry.card) ?? []), entry]);
  return byCard;
}

/** @param {Function} call @param {string} card @param {string} text what is wrong @throws {ApiError} */
export function askForCorrection(call, card, text) {
  return call("POST", `${PATH}/cards/${encodeURIComponent(card)}/corrections`, { text });
}
