/** The words of the wallet in the language of this phone's owner. */

import { inLanguage, sentence } from "/wallet/core/words.js";
import { language } from "./preferences.js";
import en from "./translations/en.js";
import zh from "./translations/zh.js";

const TABLES = { zh, en };
const LOCALES = { zh: "zh-CN", en: "en-GB" };

/** @param {string} key @param {object} [values] @returns {string} */
export function t(key, values) {
  return sentence(TABLES[language()], key, values);
}

/** @param {string} key @returns {boolean} */
export function hasWords(key) {
  return key in TABLES[language()];
}

/** @param {{zh: string, en: string}} both words from the server @returns {string} */
export function pick(both) {
  return inLanguage(both, language());
}

/** @param {number} seconds @returns {string} such as 21:40 */
export function hourMinute(seconds) {
  return format(seconds, { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** @param {number} seconds @returns {string} such as 21:40:07 */
export function clockFace(seconds) {
  return format(seconds, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** @param {number} seconds @returns {string} day and weekday */
export function dayName(seconds) {
  return format(seconds, { month: "long", day: "numeric", weekday: "long" });
}

/** @param {number} seconds @returns {string} day and time of day */
export function dayAndTime(seconds) {
  return format(seconds, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false });
}

/** @param {number} seconds @param {number} now @returns {string} the time alone today, with the day otherwise */
export function untilWhen(seconds, now) {
  const sameDay = new Date(seconds * 1000).toDateString() === new Date(now * 1000).toDateString();
  return sameDay ? hourMinute(seconds)
    : format(seconds, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
}

function format(seconds, options) {
  return new Intl.DateTimeFormat(LOCALES[language()], options).format(new Date(seconds * 1000));
}
