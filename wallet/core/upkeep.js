/** Keeps the phone supplied: session, registration, statuses, new grants. Runs about once a minute while online and seen. */

import { ApiError, UNREACHABLE } from "./api.js";
import { ALL_SCENES } from "./grants.js";
import { untilTurn } from "./turn.js";

const EVERY = 60;
/** With nothing to show, a person is waiting. */
const SOON = 8;
/** The session has ended, or belongs to a phone whose key is gone from here: a new one is needed. */
export const SIGN_IN_AGAIN = new Set(["sign_in_required", "session_has_device"]);

/** What stands in the way of a code, as a value; null when nothing does. */
export class Upkeep {
  #wallet;
  #running = null;
  #again = false;
  #timer = 0;

  /** @type {ApiError|null} */
  problem = null;

  /** @param {import("./wallet.js").Wallet} wallet */
  constructor(wallet) {
    this.#wallet = wallet;
  }

  start() {
    this.#wallet.platform.watch({ wake: () => this.#wake(), offline: () => this.#wallet.setOnline(false) });
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

  /** Waits for the round that is under way, if one is: it must not write after the person has gone. @returns {Promise<void>} */
  async idle() {
    await this.#running;
  }

  /** Seconds until the next round: phones that lost the network together must not come back in step for ever. */
  #pause() {
    const { account, device, platform, show } = this.#wallet;
    const waiting = show.iat === null && account.me !== null;
    return untilTurn(device.id ?? account.me?.session ?? "", platform.now(), waiting ? SOON : EVERY);
  }

  #wake() {
    // Signed out, there is nothing to keep up; signing in starts a round itself.
    if (this.#wallet.platform.visible() && this.#wallet.account.me !== null) this.now();
  }

  async #rounds() {
    do {
      this.#again = false;
      try {
        await this.#wallet.platform.exclusively(() => this.#round());
        this.problem = null;
      } catch (error) {
        await this.#explain(error);
      }
      this.#wallet.changed();
    } while (this.#again);
  }

  async #round() {
    const { account, device, family, inbox, show } = this.#wallet;
    // Another page of this browser may have fetched meanwhile.
    await device.recall();
    const fresh = account.fresh ? account.me : await account.resume();
    // Who waited for the session can go on.
    this.#wallet.changed();
    await this.#wallet.unblockOthers();
    if (this.#wallet.wanted) await this.#wallet.revive();
    if (fresh.person === null || this.#wallet.blocked) return undefined;
    await device.checkStatuses();
    await device.enrol(this.#wallet.platform.deviceName());
    await device.join();
    // What the service says of the scenes may bar the one that is shown.
    await show.refresh();
    this.#wallet.changed();
    const scenes = new Set([show.scene, ALL_SCENES, ...fresh.scenes.map(({ name }) => name)]);
    for (const scene of [...scenes].filter((name) => this.#wallet.barred(name) === null)) {
      await device.refill(scene);
      // Frozen while this round was under way: what it brought is dead already.
      if (this.#wallet.blocked) return device.dropGrants();
      await show.refresh();
      this.#wallet.changed();
    }
    await family.refill();
    await inbox.look();
    return undefined;
  }

  async #explain(error) {
    if (!(error instanceof ApiError)) throw error;
    const { account, device } = this.#wallet;
    this.problem = error.code === UNREACHABLE ? null : error;
    // A platform may learn it without asking the service, as where it signs in by itself.
    if (error.code === UNREACHABLE) this.#wallet.setOnline(false);
    if (SIGN_IN_AGAIN.has(error.code)) {
      // The code is shown on while its grants are good: showing never needs the centre.
      account.expired = true;
      if (device.grants.length === 0) await account.forget();
    } else if (error.code === "device_removed") {
      // After a freeze every device is off the list; the person should read why.
      if (!this.#wallet.blocked) await this.#wallet.block("device_removed");
    } else if (error.code === "real_name_required") {
      await account.fetchMe();
    }
  }
}
