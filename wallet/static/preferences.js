/** What the person set on this phone: language and elder mode. Remembered, and shown on the root element. */

const LANGUAGE = "city-code-language";
const ELDER = "city-code-elder";
const HTML_LANGUAGE = { zh: "zh-CN", en: "en" };

/** @returns {"zh"|"en"} Chinese until the person chooses otherwise */
export function language() {
  return read(LANGUAGE) === "en" ? "en" : "zh";
}

/** @param {"zh"|"en"} chosen */
export function setLanguage(chosen) {
  write(LANGUAGE, chosen);
  apply();
}

/** @returns {boolean} */
export function elder() {
  return read(ELDER) === "1";
}

/** @param {boolean} on */
export function setElder(on) {
  write(ELDER, on ? "1" : "0");
  apply();
}

/** Puts both on the root element, where style sheets and screen readers look. */
export function apply() {
  document.documentElement.lang = HTML_LANGUAGE[language()];
  document.documentElement.classList.toggle("elder", elder());
}

// Storage can be denied (private windows); the choice then lasts as long as the page.
const unsaved = new Map();

function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return unsaved.get(name) ?? null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    unsaved.set(name, value);
  }
}
