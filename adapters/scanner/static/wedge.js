/**
 * Keyboard-wedge scanners: digits typed at great speed, closed by CR, LF or Tab.
 *
 * Reads `event.code`, the key's place on the keyboard, so that an input method cannot turn digits into something else.
 */

const DIGIT = /^(?:Digit|Numpad)([0-9])$/;
const ENDS = new Set(["Enter", "NumpadEnter", "Tab"]);
/** Some scanners send CR or LF as control characters. */
const CONTROL_ENDS = new Set(["KeyJ", "KeyM"]);
const MODIFIERS = /^(?:Shift|Control|Alt|Meta|CapsLock|NumLock)/;
/** A pause longer than this begins a new code. */
const PAUSE_MS = 1000;
/** The shortest kind of code; fewer digits before Enter are a person's typing. */
const LEAST_DIGITS = 18;
const MOST_DIGITS = 700;

/** Collects one code at a time. */
export class Wedge {
  #digits = "";
  #at = 0;
  #onCode;

  /** @param {(digits: string) => void} onCode */
  constructor(onCode) {
    this.#onCode = onCode;
  }

  /**
   * @param {{code: string, shiftKey: boolean, ctrlKey: boolean, timeStamp: number}} event keydown
   * @returns {boolean} whether the key belonged to a scanner, so that the page must not act on it
   */
  key(event) {
    if (event.timeStamp - this.#at > PAUSE_MS) this.#digits = "";
    this.#at = event.timeStamp;
    if (ENDS.has(event.code) || (event.ctrlKey && CONTROL_ENDS.has(event.code))) return this.#end();
    if (MODIFIERS.test(event.code)) return false;
    const digit = DIGIT.exec(event.code);
    // A guide in front ends in "#", which is Shift and 3: whatever is no plain digit starts the code anew.
    if (digit === null || event.shiftKey || event.ctrlKey) {
      this.#digits = "";
      return false;
    }
    if (this.#digits.length < MOST_DIGITS) this.#digits += digit[1];
    return true;
  }

  #end() {
    const digits = this.#digits;
    this.#digits = "";
    if (digits.length < LEAST_DIGITS) return false;
    this.#onCode(digits);
    return true;
  }
}

/** @param {EventTarget|null} element @returns {boolean} a field that a person types into keeps its keys */
export function takesText(element) {
  return element instanceof HTMLInputElement && !["radio", "checkbox", "file", "button"].includes(element.type);
}
