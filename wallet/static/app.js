/** Starts the wallet: builds the parts, chooses the screen, and redraws it when something changed. */

import { createApi, UNREACHABLE } from "/wallet/core/api.js";
import { ServerClock } from "/wallet/core/clock.js";
import { canHoldKeys } from "/wallet/core/keys.js";
import { openStore } from "/wallet/core/store.js";
import { Account } from "./account.js";
import { Device } from "./device.js";
import { DigitCodes } from "./digit_codes.js";
import { apply, language } from "./preferences.js";
import { keepForOffline } from "./offline.js";
import { Shell } from "./shell.js";
import { Show } from "./show.js";
import { Upkeep } from "./upkeep.js";

const TABLES = { settings: "name", grants: "id" };
const BLOCKED = "blocked";

/** The parts of the running wallet, handed to every screen. */
class App {
  /** Whether the last call reached the service. */
  online = navigator.onLine;
  /** Why this phone may not fetch grants by itself: null, "frozen" or "device_removed". */
  blocked = null;
  /** The owner asked for codes on this phone again; the next round of upkeep sees to it. */
  wanted = false;

  constructor(store) {
    const phoneNow = () => Date.now() / 1000;
    this.store = store;
    this.clock = new ServerClock();
    this.phoneNow = phoneNow;
    this.trueNow = () => this.clock.corrected(phoneNow());
    this.call = this.#watched(createApi({ language, csrf: () => this.account.me?.csrf ?? null,
      onAnswer: ({ body, sent, received }) => {
        if (Number.isFinite(body?.server_time)) this.clock.learn(body.server_time, sent, received);
      } }));
    this.account = new Account(store, this.call);
    this.device = new Device({ store, call: this.call, account: this.account, now: this.trueNow });
    this.digits = new DigitCodes({ device: this.device, now: this.trueNow });
    this.show = new Show({ device: this.device, phoneNow, trueNow: this.trueNow });
    this.upkeep = new Upkeep(this);
    this.shell = new Shell(this);
  }

  async start() {
    await this.account.recall();
    await this.device.recall();
    this.blocked = (await this.store.get("settings", BLOCKED))?.value ?? null;
    this.show.resume();
    // What the phone already holds is shown before the network is asked.
    if (this.account.me) this.shell.render();
    await this.upkeep.start();
    this.shell.render();
  }

  /** Something a screen may show has changed. */
  changed() {
    this.shell.update();
  }

  /** @param {boolean} online */
  setOnline(online) {
    if (online === this.online) return;
    this.online = online;
    this.changed();
  }

  /** Drops the grants, and waits for the owner before fetching new ones. @param {"frozen"|"device_removed"} why */
  async block(why) {
    this.blocked = why;
    this.digits.drop();
    await this.store.put("settings", { name: BLOCKED, value: why, owner: this.account.me.phone });
    await (why === "frozen" ? this.device.dropGrants() : this.device.forget());
    await this.show.refresh();
    this.changed();
  }

  /** The owner wants codes on this phone again. */
  async unblock() {
    this.wanted = true;
    await this.upkeep.now();
  }

  /** Carries out `unblock` within a round of upkeep. */
  async revive() {
    const { devices } = await this.account.fetchMe();
    // Freezing took this phone off the list; with its old key it would stay refused.
    if (!devices.some(({ id }) => id === this.device.id)) await this.device.forget();
    await this.#clearBlock();
    this.wanted = false;
  }

  /** What one person froze does not bind the next who signs in on this phone. */
  async unblockOthers() {
    const block = await this.store.get("settings", BLOCKED);
    if (block && block.owner !== this.account.me.phone) await this.#clearBlock();
  }

  /** Leaves nothing of this person on the phone. */
  async forgetPerson() {
    this.show.hide();
    this.digits.drop();
    await this.store.wipe();
    await this.device.recall();
    await this.account.forget();
    this.blocked = null;
    this.shell.render();
  }

  async #clearBlock() {
    this.blocked = null;
    await this.store.remove("settings", BLOCKED);
  }

  #watched(call) {
    return async (...request) => {
      try {
        const answer = await call(...request);
        this.setOnline(true);
        return answer;
      } catch (error) {
        if (error.code) this.setOnline(error.code !== UNREACHABLE);
        throw error;
      }
    };
  }
}

apply();
keepForOffline();
const root = document.getElementById("wallet");
const store = canHoldKeys() ? await openOrNull() : null;
if (store) {
  const app = new App(store);
  app.shell.attach(root);
  await app.start();
} else {
  Shell.showUnsupported(root);
}

async function openOrNull() {
  try {
    return await openStore("city-code-wallet", TABLES);
  } catch (error) {
    // Some private windows have IndexedDB and refuse to open it.
    console.warn("no store for keys", error.name);
    return null;
  }
}
