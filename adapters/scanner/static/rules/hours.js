/** Opening hours of a policy, in the city's civil time, as `codeservice/hours.py` has them. */

import { cityDay, sinceMidnight, weekday } from "../city_time.js";

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** @param {{week: object, closed: string[]}} hours @param {number} now @returns {boolean} a weekday without spans is closed */
export function isOpen({ week, closed }, now) {
  if (closed.includes(cityDay(now))) return false;
  const since = sinceMidnight(now);
  return (week[WEEKDAYS[weekday(now)]] ?? []).some(({ begins, ends }) => secondsOf(begins) <= since && since < secondsOf(ends));
}

/** @param {string} time such as 09:30, or 24:00 @returns {number} seconds since midnight */
export function secondsOf(time) {
  return Number(time.slice(0, 2)) * 3600 + Number(time.slice(3)) * 60;
}
