/** The handles of digit codes on hand: which one is shown, and when to fetch more. They live in memory only. */

import { ALL_SCENES } from "./grants.js";
import { STEP } from "./totp.js";

/** Handles fetched at a time: the person may be asked for another code at once. */
const BATCH = 4;

/** Each handle is good for one scan within ten minutes. */
export class DigitCodes {
  #device;
  #now;
  #waiting = [];
  #taking = null;

  /** The handle on screen, or null. @type {{handle: string, seed: string, expires: number}|null} */
  current = null;

  /** @param {{device: import("./device.js").Device, now: () => number}} parts now: seconds, by the server's clock */
  constructor({ device, now }) {
    this.#device = device;
    this.#now = now;
  }

  /** @returns {boolean} whether the handle on screen can still be scanned */
  get standing() {
    return this.current !== null && this.current.expires > this.#now();
  }

  /** Takes another handle, from the server when none is left; two who ask at once get the same. @throws {ApiError} */
  next() {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = null;
    });
    return this.#taking;
  }

  async #take() {
    this.current = null;
    const soon = this.#now() + STEP;
    this.#waiting = this.#waiting.filter(({ expires }) => expires > soon);
    if (this.#waiting.length === 0) this.#waiting = await this.#device.fetchDigitCodes(ALL_SCENES, BATCH);
    this.current = this.#waiting.shift() ?? null;
  }

  /** The handle on screen may have been used; it is not shown again. */
  finish() {
    this.current = null;
  }

  /** The codes of this person are dead, or the person has gone. */
  drop() {
    this.current = null;
    this.#waiting = [];
  }
}
