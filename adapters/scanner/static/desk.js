/** From a reading to a verdict: one act at a time, and never a yes without the server's. */

import { UNREACHABLE } from "/wallet/core/api.js";
import { localVerdict } from "./verdict.js";

/** Any code of any kind ends in at least this many digits; other QR codes are not sent to the server. */
const LOOKS_LIKE_A_CODE = /^[\x20-\x7e]{0,200}?[0-9]{18,700}$/;
/** Faster answers need no "checking". */
const BUSY_AFTER_MS = 200;

/** Takes readings from every input. */
export class Desk {
  #parts;
  #queue = Promise.resolve();

  /**
   * @param {object} parts
   * @param {import("./terminal.js").Terminal} parts.terminal
   * @param {import("./acts.js").Acts} parts.acts
   * @param {import("./verdict.js").VerdictScreen} parts.screen
   * @param {import("./heartbeat.js").Heartbeat} parts.heartbeat
   * @param {{value: () => object|undefined, reset: () => void}|null} parts.medicine
   * @param {() => number} parts.now seconds
   * @param {(busy: boolean) => void} parts.onBusy
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {string} reading text from camera, picture, wedge or keyboard */
  take(reading) {
    const { acts, medicine, now } = this.#parts;
    const code = reading.trim();
    const bought = medicine?.value();
    const key = acts.read(JSON.stringify([code, bought ?? null]), now());
    if (key === null) return;
    // Scans wait for each other: a verdict belongs to the code that was shown last.
    this.#queue = this.#queue.then(() => this.#decide(code, bought, key));
  }

  async #decide(code, medicine, key) {
    const { screen, onBusy } = this.#parts;
    if (!LOOKS_LIKE_A_CODE.test(code)) {
      screen.show(localVerdict("refused", "malformed"));
      return;
    }
    const waiting = setTimeout(() => onBusy(true), BUSY_AFTER_MS);
    const verdict = await this.#ask({ code, ...(medicine && { medicine }) }, key);
    clearTimeout(waiting);
    onBusy(false);
    screen.show(verdict);
  }

  async #ask(shown, key) {
    const { terminal, heartbeat, medicine, acts, now } = this.#parts;
    try {
      const verdict = await terminal.scan(shown, key);
      heartbeat.count();
      if (verdict.decision === "accepted") medicine?.reset();
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
