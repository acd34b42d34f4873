/** Times of a shown code: how far the phone's clock is off, how long a code still stands. Reads no clock itself. */

/** A verifier refuses what is further off than this. */
export const MAX_SKEW = 30;
/** A code is drawn anew after this many seconds. */
export const REDRAW_AFTER = 30;
/** Past this the code on screen is hidden even if no new one could be drawn. */
export const HIDE_AFTER = 32;

/**
 * The phone's offset from the server, learned from answers.
 */
export class ServerClock {
  /** Seconds the phone is ahead; null until a server has answered. */
  ahead = null;

  /**
   * @param {number} serverTime seconds, from an answer
   * @param {number} sent seconds, phone's clock before asking
   * @param {number} received seconds, phone's clock at the answer
   */
  learn(serverTime, sent, received) {
    // The server read its clock somewhere between the two; the nearest end of that interval is the sure part.
    const early = sent - (serverTime + 1);
    const late = received - serverTime;
    if (early > 0) this.ahead = early;
    else if (late < 0) this.ahead = late;
    else this.ahead = 0;
  }

  /** @param {number} now phone's clock @returns {number} whole seconds, corrected */
  corrected(now) {
    return Math.floor(now - (this.ahead ?? 0));
  }

  /** @returns {boolean} codes from this phone will be refused for its clock */
  get skewed() {
    return this.ahead !== null && Math.abs(this.ahead) > MAX_SKEW;
  }
}

/**
 * @param {number|null} iat moment of the code on screen
 * @param {number} now
 * @returns {{left: number, share: number, due: boolean, over: boolean}} seconds and share of the period left;
 *   due: time to redraw; over: must not be seen any more, also when the clock was set back behind it
 */
export function countdown(iat, now) {
  if (iat === null) return { left: 0, share: 0, due: true, over: true };
  const age = now - iat;
  const left = Math.min(REDRAW_AFTER, Math.max(0, Math.ceil(REDRAW_AFTER - age)));
  return { left, share: left / REDRAW_AFTER, due: age >= REDRAW_AFTER || age < -1, over: age >= HIDE_AFTER || age < -1 };
}
