/** Keeps the phone supplied: session, registration, statuses, new grants. Runs about once a minute while online and seen. */

import { ApiError, UNREACHABLE } from "/wallet/core/api.js";
import { ALL_SCENES } from "/wallet/core/grants.js";
import { untilTurn } from "/wallet/core/turn.js";
import { deviceName } from "./device.js";

const EVERY = 60;
/** With nothing to show, a person is waiting. */
const SOON = 8;

/** What stands in the way of a code, as a value; null when nothing does. */
export class Upkeep {
  #app;
  #running = null;
  #again = false;
  #timer = 0;

  /** @type {ApiError|null} */
  problem = null;

  /** @param {object} app see app.js */
  constructor(app) {
    this.#app = app;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.#wake());
    window.addEventListener("online", () => this.#wake());
    window.addEventListener("offline", () => this.#app.setOnline(false));
    return this.now();
  }

  /** One round at once; a call during a round starts another after it. @returns {Promise<void>} */
  now() {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    clearTimeout(this.#timer);
    this.#running = this.#rounds().finally(() => {
      this.#running = null;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#wake(), this.#pause() * 1000);
    });
    return this.#running;
  }

  /** Seconds until the next round: phones that lost the network together must not come back in step for ever. */
  #pause() {
    const { account, device, phoneNow, show } = this.#app;
    const waiting = show.iat === null && account.me !== null;
    return untilTurn(device.id ?? account.me?.session ?? "", phoneNow(), waiting ? SOON : EVERY);
  }

  #wake() {
    // Signed out, there is nothing to keep up; signing in starts a round itself.
    if (document.visibilityState === "visible" && this.#app.account.me !== null) this.now();
  }

  async #rounds() {
    do {
      this.#again = false;
      try {
        await exclusively(() => this.#round());
        this.problem = null;
      } catch (error) {
        await this.#explain(error);
      }
      this.#app.changed();
    } while (this.#again);
  }

  async #round() {
    const { account, device, show } = this.#app;
    // Another page of this browser may have fetched meanwhile.
    await device.recall();
    const fresh = account.me?.csrf ? account.me : await account.fetchMe();
    await this.#app.unblockOthers();
    if (this.#app.wanted) await this.#app.revive();
    if (fresh.person === null || this.#app.blocked) return undefined;
    await device.checkStatuses();
    await device.enrol(deviceName());
    for (const scene of new Set([show.scene, ALL_SCENES, ...fresh.scenes.map(({ name }) => name)])) {
      await device.refill(scene);
      // Frozen while this round was under way: what it brought is dead already.
      if (this.#app.blocked) return device.dropGrants();
      await show.refresh();
      this.#app.changed();
    }
    return undefined;
  }

  async #explain(error) {
    if (!(error instanceof ApiError)) throw error;
    const { account, device } = this.#app;
    this.problem = error.code === UNREACHABLE ? null : error;
    if (error.code === "sign_in_required") {
      // The code is shown on while its grants are good: showing never needs the centre.
      account.expired = true;
      if (device.grants.length === 0) await account.forget();
    } else if (error.code === "device_removed") {
      // After a freeze every device is off the list; the person should read why.
      if (!this.#app.blocked) await this.#app.block("device_removed");
    } else if (error.code === "real_name_required") {
      await account.fetchMe();
    }
  }
}

function exclusively(act) {
  return navigator.locks ? navigator.locks.request("city-code-upkeep", act) : act();
}
