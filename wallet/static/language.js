/** The wallet's words in the language chosen in this browser, see core/language.js. */

import { wordsIn } from "../core/language.js";
import { language } from "./preferences.js";

export const { t, hasWords, pick, hourMinute, clockFace, dayName, dayOf, dayAndTime, untilWhen, problemWords, skewWords,
  attribute, healthPart } = wordsIn(language);
