/** The wallet's words in the language of this phone's owner, with times and dates. A mini-program has no Intl. */

import en from "./translations/en.js";
import zh from "./translations/zh.js";
import { ApiError } from "./api.js";
import { inLanguage, sentence } from "./words.js";

/** The words that every client has. */
export const TABLES = { zh, en };

/**
 * Bound functions, so that they can be taken apart. Seconds are epoch seconds, told in the phone's own time zone.
 *
 * @param {() => "zh"|"en"} language
 * @param {{zh: Record<string, string>, en: Record<string, string>}} [tables]
 */
export function wordsIn(language, tables = TABLES) {
  /** @param {string} key @param {object} [values] @returns {string} */
  const t = (key, values) => sentence(tables[language()], key, values);
  /** @param {string} key @returns {boolean} */
  const hasWords = (key) => key in tables[language()];
  /** @param {{zh: string, en: string}} both words from the server @returns {string} */
  const pick = (both) => inLanguage(both, language());
  /** @param {number} seconds @returns {string} such as 21:40 */
  const hourMinute = (seconds) => clockFace(seconds).slice(0, 5);
  /** @param {number} seconds @returns {string} such as 21:40:07 */
  const clockFace = (seconds) => {
    const date = dateOf(seconds);
    return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  };
  const date = (form, seconds) => {
    const day = dateOf(seconds);
    return t(form, { year: day.getFullYear(), mm: two(day.getMonth() + 1), dd: two(day.getDate()), day: day.getDate(),
      month: t("date.months").split(" ")[day.getMonth()], weekday: t("date.weekdays").split(" ")[day.getDay()], time: hourMinute(seconds) });
  };
  return {
    t, hasWords, pick, hourMinute, clockFace,
    /** @param {number} seconds @returns {string} day and weekday */
    dayName: (seconds) => date("date.day_name", seconds),
    /** @param {number} seconds @returns {string} such as 2027/03/01 */
    dayOf: (seconds) => date("date.day", seconds),
    /** @param {number} seconds @returns {string} day and time of day */
    dayAndTime: (seconds) => date("date.day_and_time", seconds),
    /** @param {number} seconds @param {number} now @returns {string} the time alone today, with the day otherwise */
    untilWhen: (seconds, now) => (dateOf(seconds).toDateString() === dateOf(now).toDateString() ? hourMinute(seconds)
      : date("date.short", seconds)),
    /** @param {string} name of what a place saw @returns {string} */
    attribute: (name) => (hasWords(`attribute.${name}`) ? t(`attribute.${name}`) : name),
    /**
     * @param {{code: string, title: object}} seen part of a health record, or why it was opened; what an emergency or an
     *   insurer may see is no such part, and has words of the wallet
     * @returns {string}
     */
    healthPart({ code, title }) {
      const own = ["accesses", "attribute"].map((table) => `${table}.${code}`).find(hasWords);
      return own ? t(own) : pick(title);
    },
    /** @param {Error} error @returns {string} the server's words where it gave any, else ours */
    problemWords(error) {
      if (!(error instanceof ApiError)) return t("problem.unexpected");
      if (error.title) return [error.title, error.detail].filter(Boolean).join(t("stop"));
      return t(hasWords(`problem.${error.code}`) ? `problem.${error.code}` : "problem.unexpected");
    },
    /** @param {import("./clock.js").ServerClock} clock @returns {string} the warning of a wrong clock, empty for a right one */
    skewWords: (clock) => (clock.skewed ? t(clock.ahead > 0 ? "code.clock_fast" : "code.clock_slow",
      { minutes: Math.max(1, Math.round(Math.abs(clock.ahead) / 60)) }) : ""),
  };
}

function dateOf(seconds) {
  return new Date(seconds * 1000);
}

function two(number) {
  return String(number).padStart(2, "0");
}
