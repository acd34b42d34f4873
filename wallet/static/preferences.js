/** What the person set on this phone: language, elder mode, size of text, motion. Remembered, and shown on the root element. */

const LANGUAGE = "city-code-language";
const ELDER = "city-code-elder";
const TEXT = "city-code-text";
const MOTION = "city-code-motion";
/** Sizes of text in percent of 12 pt; elder mode begins at 18 pt. */
const SIZES = ["100", "125", "150", "200", "250"];
const ELDER_SIZES = ["150", "200", "250"];
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

/** @returns {string[]} the sizes that can be chosen in this mode, the default first */
export function textSizes() {
  return elder() ? ELDER_SIZES : SIZES;
}

/** @returns {string} percent */
export function textSize() {
  const size = read(TEXT);
  return textSizes().includes(size) ? size : textSizes()[0];
}

/** @param {string} size one of `textSizes` */
export function setTextSize(size) {
  write(TEXT, size);
  apply();
}

/** @returns {"full"|"still"} still: nothing moves, whatever the system says */
export function motion() {
  return read(MOTION) === "still" ? "still" : "full";
}

/** @param {"full"|"still"} chosen */
export function setMotion(chosen) {
  write(MOTION, chosen);
  apply();
}

/** Puts all of it on the root element, where style sheets and screen readers look. */
export function apply() {
  const root = document.documentElement;
  root.lang = HTML_LANGUAGE[language()];
  root.classList.toggle("elder", elder());
  root.classList.toggle("still", motion() === "still");
  root.dataset.text = textSize();
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
