/** What the person set on this phone: language, elder mode, size of the text. No secret, and nothing about the person. */

const NAME = "city-code-preferences";
/** Pixels of the text in each mode; 24 px are 18 pt, 40 px are 30 pt. */
export const SIZES = { standard: [16, 18, 20], elder: [24, 28, 32, 40] };

const given = read();

/** @returns {"zh"|"en"} Chinese until the person chooses otherwise */
export function language() {
  return given.language === "en" ? "en" : "zh";
}

/** @param {"zh"|"en"} chosen */
export function setLanguage(chosen) {
  write({ language: chosen });
}

/** @returns {boolean} */
export function elder() {
  return given.elder === true;
}

/** @param {boolean} on */
export function setElder(on) {
  write({ elder: on });
}

/** @returns {number[]} the sizes to choose from now */
export function sizes() {
  return elder() ? SIZES.elder : SIZES.standard;
}

/** @returns {number} pixels of the main text */
export function size() {
  return sizes().includes(given.size) ? given.size : sizes()[0];
}

/** @param {number} pixels */
export function setSize(pixels) {
  write({ size: pixels });
}

/** @returns {boolean} the person signed out on this phone, and is not signed in again unasked */
export function signedOut() {
  return given.signedOut === true;
}

/** @param {boolean} out */
export function setSignedOut(out) {
  if (out !== signedOut()) write({ signedOut: out });
}

function read() {
  return { ...wx.getStorageSync(NAME) };
}

function write(changes) {
  Object.assign(given, changes);
  wx.setStorageSync(NAME, given);
}
