/** Reads a sentence aloud by the phone's own voice, where it has one. */

import { language } from "./preferences.js";

const VOICES = { zh: "zh-CN", en: "en-GB" };

/** @returns {boolean} */
export function canSpeak() {
  return "speechSynthesis" in window;
}

/** @param {string} words never a code or a number of the person: others can hear */
export function speak(words) {
  window.speechSynthesis.cancel();
  window.speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(words), { lang: VOICES[language()] }));
}
