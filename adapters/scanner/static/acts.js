/** Which readings are one scan: the same code within three seconds. Rules only; the caller brings the time. */

/** A code held before the lens is read ten times a second; so long as the gaps are shorter, it is one act. */
const ONE_ACT_SECONDS = 3;

/** Remembers the last reading. */
export class Acts {
  #last = null;
  #newKey;

  /** @param {() => string} newKey a fresh idempotency key */
  constructor(newKey) {
    this.#newKey = newKey;
  }

  /**
   * @param {string} what code and circumstances, such as medicine
   * @param {number} now seconds
   * @returns {string|null} the key to send under; null while the act is under way, answered or just tried
   */
  read(what, now) {
    const last = this.#last;
    // An act without an answer may have happened all the same: it keeps its key however long the network is gone.
    const same = last?.what === what && (last.retryFrom !== null || now - last.seen < ONE_ACT_SECONDS);
    if (!same) {
      this.#last = { what, seen: now, key: this.#newKey(), retryFrom: null };
      return this.#last.key;
    }
    last.seen = now;
    if (last.retryFrom === null || now < last.retryFrom) return null;
    last.retryFrom = null;
    return last.key;
  }

  /** The act got no answer: a later reading of the same code asks again. @param {string} key @param {number} now */
  reopen(key, now) {
    if (this.#last?.key === key) this.#last.retryFrom = now + ONE_ACT_SECONDS;
  }
}
