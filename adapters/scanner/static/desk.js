/** From a reading to a verdict: one act at a time. */

import { UNREACHABLE } from "/wallet/core/api.js";
import { isDigitCode } from "/wallet/core/digit.js";
import { localVerdict } from "./verdict.js";
import { both } from "./words.js";

/** Any code of any kind ends in at least this many digits; other QR codes are not sent to the server. */
const LOOKS_LIKE_A_CODE = /^[\x20-\x7e]{0,200}?[0-9]{18,700}$/;
/** Fewer digits are no signed code: somebody typed a digit code, or a hand scanner read one. */
const SHORT = /^[0-9]{1,99}$/;
/** Faster answers need no "checking". */
const BUSY_AFTER_MS = 200;

/** Takes readings from every input. */
export class Desk {
  #parts;
  #queue = Promise.resolve();
  #act = { key: null, body: null };

  /**
   * @param {object} parts
   * @param {import("./scanning.js").Scanning} parts.scanning
   * @param {import("./acts.js").Acts} parts.acts
   * @param {import("./verdict.js").VerdictScreen} parts.screen
   * @param {import("./heartbeat.js").Heartbeat} parts.heartbeat
   * @param {import("./circumstances.js").Circumstances} parts.circumstances
   * @param {() => number} parts.now seconds
   * @param {(busy: boolean) => void} parts.onBusy
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @param {string} reading text from camera, picture, wedge or keyboard
   * @param {{digitsOnly?: boolean}} [input] digitsOnly: an input of digits, where few of them are a digit code gone wrong
   */
  take(reading, { digitsOnly = false } = {}) {
    const { acts, circumstances, now } = this.#parts;
    const code = reading.trim();
    const key = acts.read(JSON.stringify([code, circumstances.version]), now());
    if (key === null) return;
    // An act that got no answer is asked again under its key, and with the circumstances it had.
    if (key !== this.#act.key) this.#act = { key, body: { code, ...circumstances.take() } };
    const { body } = this.#act;
    // Scans wait for each other: a verdict belongs to the code that was shown last.
    this.#queue = this.#queue.then(() => this.#decide(body, key, digitsOnly));
  }

  /**
   * Takes a number that staff typed from a document that they have checked: an act of its own, however often.
   *
   * @param {{document: string, number: string}} typed
   */
  takeTyped(typed) {
    const { circumstances, newKey = () => crypto.randomUUID() } = this.#parts;
    const body = { ...circumstances.take(), document_checked: true, typed };
    this.#queue = this.#queue.then(() => this.#tell(body, newKey()));
  }

  async #decide(body, key, digitsOnly) {
    const { screen } = this.#parts;
    const { code } = body;
    if (digitsOnly && SHORT.test(code) && !isDigitCode(code)) {
      screen.show({ ...localVerdict("refused", "malformed"), message: both("mistyped"), advice: both("mistyped.advice") });
      return;
    }
    if (!LOOKS_LIKE_A_CODE.test(code)) {
      screen.show(localVerdict("refused", "malformed"));
      return;
    }
    await this.#tell(body, key);
  }

  async #tell(body, key) {
    const { screen, onBusy } = this.#parts;
    const waiting = setTimeout(() => onBusy(true), BUSY_AFTER_MS);
    const verdict = await this.#ask(body, key);
    clearTimeout(waiting);
    onBusy(false);
    screen.show(verdict);
  }

  async #ask(shown, key) {
    const { scanning, heartbeat, circumstances, acts, now } = this.#parts;
    try {
      const verdict = await scanning.scan(shown, key);
      heartbeat.count(verdict);
      if (verdict.decision === "accepted") circumstances.accepted();
      return verdict;
    } catch (error) {
      if (!error.code) throw error;
      acts.reopen(key, now());
      return verdictOf(error, heartbeat);
    }
  }
}

/** What a failed call means to the person at the gate: we cannot tell. */
function verdictOf(error, heartbeat) {
  const busy = error.code === UNREACHABLE || error.status === 429 || error.status >= 500;
  if (error.code === UNREACHABLE) heartbeat.tell("offline");
  const forbidden = error.status === 401 || error.status === 403;
  if (forbidden) heartbeat.tell("refused");
  const verdict = localVerdict("undetermined", forbidden ? "terminal_not_allowed" : "temporarily_unavailable");
  // A caller's fault (400, 422) is told in the server's words, they name what to do.
  if (!busy && !forbidden && error.title) verdict.message = { zh: error.title, en: error.title };
  return verdict;
}
