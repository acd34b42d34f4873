/** The words of the scanner page. The verdict is told in both languages, the rest in the one chosen. */

import { inLanguage, sentence } from "/wallet/core/words.js";
import en from "./translations/en.js";
import zh from "./translations/zh.js";

const TABLES = { zh, en };
const LANGUAGE = "city-code-scanner-language";
const HTML_LANGUAGE = { zh: "zh-CN", en: "en" };
let chosen = remembered();

/** @returns {"zh"|"en"} */
export function language() {
  return chosen;
}

/** @returns {"zh"|"en"} the one not chosen */
export function otherLanguage() {
  return chosen === "zh" ? "en" : "zh";
}

/** Changes to the other language, remembers it, and puts it on the page. */
export function switchLanguage() {
  chosen = otherLanguage();
  try {
    localStorage.setItem(LANGUAGE, chosen);
  } catch (error) {
    console.warn("the language is not remembered", error.name);
  }
  applyWords();
}

/** @param {string} key @param {object} [values] @returns {string} in the chosen language */
export function t(key, values) {
  return sentence(TABLES[chosen], key, values);
}

/** @param {string} key @param {object} [values] @returns {{zh: string, en: string}} as the server gives its words */
export function both(key, values) {
  return { zh: sentence(zh, key, values), en: sentence(en, key, values) };
}

/** @param {{zh: string, en: string}} words @param {"zh"|"en"} [wanted] @returns {string} */
export function pick(words, wanted = chosen) {
  return inLanguage(words, wanted);
}

/** Fills every element that names its words. */
export function applyWords() {
  document.documentElement.lang = HTML_LANGUAGE[chosen];
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-words]")) element.textContent = t(element.dataset.words);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
}

function remembered() {
  try {
    return localStorage.getItem(LANGUAGE) === "en" ? "en" : "zh";
  } catch {
    return "zh";
  }
}
