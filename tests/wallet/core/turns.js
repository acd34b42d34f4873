/** A city of phones that keep themselves supplied, as far as it matters when they ask. */

import { untilTurn } from "../../../wallet/core/turn.js";

/**
 * Lets all phones ask in the same second, and then each in its turns.
 *
 * @param {object} city
 * @param {number} city.phones
 * @param {string} city.prefix of the phones' names, which end with their number
 * @param {number} city.start second in which all ask
 * @param {number} city.period seconds
 * @param {number} city.rounds turns of each phone after the start
 * @returns {{seconds: number[], shortest: number, longest: number}} calls by second after the start, the start itself
 *   left out; the shortest and the longest pause of any phone
 */
export function asked({ phones, prefix, start, period, rounds }) {
  const seconds = new Array((rounds + 1) * period).fill(0);
  let [shortest, longest] = [Infinity, 0];
  for (let phone = 0; phone < phones; phone += 1) {
    let now = start;
    for (let round = 0; round < rounds; round += 1) {
      const pause = untilTurn(`${prefix}${phone}`, now, period);
      shortest = Math.min(shortest, pause);
      longest = Math.max(longest, pause);
      now += pause;
      seconds[Math.floor(now - start)] += 1;
    }
  }
  return { seconds, shortest, longest };
}
