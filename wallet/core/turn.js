/** When a phone asks the service: each in a turn of its own, so that a city of phones never asks at once. */

import { utf8 } from "./utf8.js";

/** Half a period at least, one and a half at most, until the first turn; a period from then on. */
const EARLIEST = 1 / 2;

/**
 * @param {string} id what tells this phone from others; the same phone has the same turn
 * @param {number} now seconds
 * @param {number} period seconds from turn to turn
 * @returns {number} seconds until the turn
 */
export function untilTurn(id, now, period) {
  const wait = remainder(share(id) * period - now, period);
  return wait < EARLIEST * period ? wait + period : wait;
}

/** A number from 0 to 1, even over all texts: FNV-1a, then the last mixing of MurmurHash3. It hides nothing. */
function share(text) {
  let hash = 0x811c9dc5;
  for (const byte of utf8(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function remainder(value, divisor) {
  return ((value % divisor) + divisor) % divisor;
}
