/** The wallet's words in the language of this phone's owner, and as a table for templates. */

import { TABLES as SHARED, wordsIn } from "./core/language.js";
import { language } from "./preferences.js";
import en from "./translations/en.js";
import zh from "./translations/zh.js";

const TABLES = { zh: { ...SHARED.zh, ...zh }, en: { ...SHARED.en, ...en } };

export const { t, hasWords, pick, hourMinute, clockFace, dayName, dayOf, dayAndTime, untilWhen, problemWords, skewWords, attribute,
  healthPart } = wordsIn(language, TABLES);

/** By language; a template writes `t.sign_in_title` for the words of "sign_in.title". */
const FLAT = { zh: flat(TABLES.zh), en: flat(TABLES.en) };

/** @returns {Record<string, string>} */
export function table() {
  return FLAT[language()];
}

function flat(words) {
  return Object.fromEntries(Object.entries(words).map(([key, sentence]) => [key.replace(/[^a-z0-9]/g, "_"), sentence]));
}
