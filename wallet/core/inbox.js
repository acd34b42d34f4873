/** How many messages the person has not read, for the tab. Asks at most every five minutes. */

import { ApiError } from "./api.js";
import { listNotices, unread } from "./notices.js";

const EVERY = 300;

/** The count is 0 until the service has answered. */
export class Inbox {
  #call;
  #now;
  #onChange;
  #asked = -EVERY;

  count = 0;

  /** @param {{call: Function, now: () => number, onChange: () => void}} parts */
  constructor({ call, now, onChange }) {
    this.#call = call;
    this.#now = now;
    this.#onChange = onChange;
  }

  /** @returns {Promise<void>} */
  async look() {
    if (Math.abs(this.#now() - this.#asked) < EVERY) return;
    this.#asked = this.#now();
    try {
      this.#tell(unread(await listNotices(this.#call)));
    } catch (error) {
      // Without an answer the last count stands; the next look may do better.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** All were read, or another person signs in. */
  forget() {
    this.#asked = -EVERY;
    this.#tell(0);
  }

  #tell(count) {
    if (count === this.count) return;
    this.count = count;
    this.#onChange();
  }
}
