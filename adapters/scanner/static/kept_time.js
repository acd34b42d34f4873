/**
 * The time that a terminal keeps: the service's own at the last contact, and what went by since.
 *
 * A browser's steady clock may stand while the machine sleeps, and is never ahead: where the machine's own clock has
 * counted more, that counts. A steady clock begins anew with every page. After a start without contact the machine's
 * clock is believed, but only one that agreed with the service at the last contact, and only from the latest moment
 * lived through until a week after it. Otherwise there is no time.
 */

/** Seconds that two clocks may differ: two contacts never agree to the second. */
const TOLERANCE = 30;
/** Seconds after the mark beyond which the machine's clock is not believed any more. */
const LONGEST_DARK = 7 * 24 * 3600;

/** Tells the time, or that nobody knows it. */
export class KeptTime {
  #clocks;
  #anchor = null;

  /**
   * @param {{mark: number, agrees: boolean}} kept what an earlier page has left: the latest moment lived through, and
   *   whether the machine's clock agreed with the service at the last contact
   * @param {{wall: () => number, steady: () => number}} [clocks] seconds
   */
  constructor({ mark = 0, agrees = false } = {}, clocks = { wall: () => Date.now() / 1000, steady: () => performance.now() / 1000 }) {
    this.mark = mark;
    this.agrees = agrees;
    this.#clocks = clocks;
  }

  /** @returns {number|null} epoch seconds; what is returned raises the mark */
  now() {
    const time = this.#anchor === null ? this.#believed() : this.#anchor.time + this.#gone();
    if (time === null || time < this.mark - TOLERANCE) return null;
    this.mark = Math.max(this.mark, Math.floor(time));
    return Math.floor(time);
  }

  /** @returns {number} what the machine's own clock says, right or wrong; for the record only */
  deviceTime() {
    return Math.max(0, Math.floor(this.#clocks.wall()));
  }

  /** @returns {number} seconds of the steady clock */
  steady() {
    return this.#clocks.steady();
  }

  /**
   * Believes the service.
   *
   * @param {number} time that it signed, whole seconds
   * @param {number} asked moment of the question on the steady clock
   * @returns {boolean} false when that lies before the mark: then one of the two is wrong
   */
  set(time, asked) {
    if (time < this.mark - TOLERANCE) {
      this.agrees = false;
      return false;
    }
    // The service said a whole second, somewhere between the question and now.
    const half = (this.#clocks.steady() - asked) / 2;
    this.#anchor = { time: time + 0.5, steady: asked + half, wall: this.#clocks.wall() - half };
    this.agrees = Math.abs(this.#clocks.wall() - time) <= TOLERANCE;
    return true;
  }

  /** @returns {{mark: number, agrees: boolean}} for the next page */
  kept() {
    return { mark: this.mark, agrees: this.agrees };
  }

  #gone() {
    const steady = this.#clocks.steady() - this.#anchor.steady;
    const wall = this.#clocks.wall() - this.#anchor.wall;
    return wall > steady + TOLERANCE ? wall : steady;
  }

  #believed() {
    const wall = this.#clocks.wall();
    return this.agrees && this.mark > 0 && wall <= this.mark + LONGEST_DARK ? wall : null;
  }
}
