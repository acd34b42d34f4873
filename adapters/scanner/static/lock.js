/**
 * The lock of an unattended terminal. It lives in the record of the enrolled terminal, so that enrolling anew, which
 * takes a link from the operator, is the way out for who forgot the PIN.
 */

import { counted, keepPin, matches, wait } from "./pin.js";

/** One terminal's lock. */
export class Lock {
  #store;
  #scene;
  #kept;
  #onChange;

  /**
   * @param {import("/wallet/core/store.js").Store} store
   * @param {object} record of the terminal
   * @param {() => void} onChange
   */
  constructor(store, record, onChange) {
    this.#store = store;
    this.#scene = record.scene;
    this.#kept = record.lock ?? null;
    this.#onChange = onChange;
  }

  /** Whether a PIN was set. */
  get hasPin() {
    return this.#kept !== null;
  }

  /** Whether only scanning is allowed. */
  get closed() {
    return this.#kept?.closed === true;
  }

  /** @param {number} now seconds @returns {number} seconds until a PIN may be tried */
  wait(now) {
    return this.#kept ? wait(this.#kept, now) : 0;
  }

  /** Sets the first PIN and closes. @param {string} pin as `isPin` wants it */
  async set(pin) {
    if (!this.hasPin) await this.#keep({ ...await keepPin(pin), closed: true });
  }

  /** Closes with the PIN that is set. */
  async close() {
    if (this.hasPin) await this.#keep({ ...this.#kept, closed: true });
  }

  /** Forgets the PIN of an open page. */
  async clear() {
    if (!this.closed) await this.#keep(null);
  }

  /**
   * @param {string} pin
   * @param {() => number} now seconds
   * @returns {Promise<"open"|"wrong"|"wait">}
   */
  open(pin, now) {
    // Pages side by side take turns, or each would have tries of its own.
    return navigator.locks.request("city-code-scanner-pin", async () => {
      this.#kept = (await this.#store.get("terminals", this.#scene)).lock ?? null;
      if (!this.closed) {
        this.#onChange();
        return "open";
      }
      if (this.wait(now()) > 0) return "wait";
      await this.#keep(counted(this.#kept, now()));
      if (!await matches(this.#kept, pin)) return "wrong";
      await this.#keep({ ...this.#kept, closed: false, wrong: 0, waitUntil: 0 });
      return "open";
    });
  }

  async #keep(lock) {
    this.#kept = lock;
    await this.#store.put("terminals", { ...await this.#store.get("terminals", this.#scene), lock });
    this.#onChange();
  }
}
