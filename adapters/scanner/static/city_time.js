/** Civil time of the city: days change at its midnight, whatever zone a device is set to. */

/** Seconds that the city is ahead of UTC. */
const ZONE = 8 * 3600;
const DAY = 24 * 3600;

/** @param {number} now epoch seconds @returns {string} civil date, ISO 8601 */
export function cityDay(now) {
  return new Date((now + ZONE) * 1000).toISOString().slice(0, 10);
}

/** @param {number} now epoch seconds @returns {number} seconds since the midnight of that day */
export function sinceMidnight(now) {
  return (now + ZONE) % DAY;
}

/** @param {number} now epoch seconds @returns {number} day of the week, 0 for Monday */
export function weekday(now) {
  // 1 January 1970 was a Thursday.
  return (Math.floor((now + ZONE) / DAY) + 3) % 7;
}
