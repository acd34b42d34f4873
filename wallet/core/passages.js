/** Passages: places whose poster the holder scans themselves. What follows is an entry in their own records only. */

const PATH = "/wallet/api/v1/passages";
/** Digits in front of every poster. */
const POSTER_KIND = "70";
const LONGEST_POSTER = 600;
/** The ways past a place; which of them a place takes is in its rules. */
export const WAYS = ["enter", "leave", "single"];

/** @param {Function} call see api.js @returns {Promise<object[]>} the newest first @throws {ApiError} */
export async function listPassages(call) {
  return (await call("GET", PATH)).passages;
}

/** @param {string} text as read or typed @returns {string|null} the poster's digits, null when it is none */
export function posterText(text) {
  const digits = text.replace(/\s+/g, "");
  return /^[0-9]+$/.test(digits) && digits.startsWith(POSTER_KIND) && digits.length <= LONGEST_POSTER ? digits : null;
}

/**
 * @param {Function} call
 * @param {(typ: string, claims: object) => Promise<string>} prove signs by the device key, see device.js
 * @param {{poster: string, passage: string}} passing
 * @returns {Promise<object>} the passage
 * @throws {ApiError} poster_refused: forged, outlived, or of another place or way
 */
export async function recordPassage(call, prove, { poster, passage }) {
  return call("POST", PATH, { proof: await prove("passage+jwt", { poster, passage }) });
}
