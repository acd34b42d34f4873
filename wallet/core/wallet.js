/** The running wallet without its screens: builds the parts, and does what touches several of them. */

import { Account } from "./account.js";
import { createApi, UNREACHABLE } from "./api.js";
import { ServerClock } from "./clock.js";
import { Device } from "./device.js";
import { DigitCodes } from "./digit_codes.js";
import { FamilyCodes } from "./family_codes.js";
import { Inbox } from "./inbox.js";
import { Show } from "./show.js";
import { SIGN_IN_AGAIN, Upkeep } from "./upkeep.js";

/** Key paths of the tables that a platform's store keeps. */
export const TABLES = { settings: "name", grants: "id" };
const PATH = "/wallet/api/v1";
const BLOCKED = "blocked";

/** The parts of the wallet, handed to every screen. */
export class Wallet {
  /** Whether the last call reached the service. */
  online;
  /** Why this phone may not fetch grants by itself: null, "frozen" or "device_removed". */
  blocked = null;
  /** The owner asked for codes on this phone again; the next round of upkeep sees to it. */
  wanted = false;
  /** Called when something that a screen may show has changed. The client sets it. */
  onChange = () => {};

  /** @param {import("./platform.js").Platform} platform */
  constructor(platform) {
    this.platform = platform;
    this.store = platform.store;
    this.online = platform.online();
    this.clock = new ServerClock();
    this.phoneNow = () => platform.now();
    this.trueNow = () => this.clock.corrected(platform.now());
    const { bearer, client, language, now, request } = platform;
    this.call = this.#watched(createApi({ request, language, client, bearer, now, csrf: () => this.account.me?.csrf ?? null,
      onAnswer: ({ body, sent, received }) => {
        if (Number.isFinite(body?.server_time)) this.clock.learn(body.server_time, sent, received);
      } }));
    this.account = new Account(platform, this.call);
    this.device = new Device({ store: this.store, keys: platform.keys, call: this.call, account: this.account, now: this.trueNow });
    this.digits = new DigitCodes({ device: this.device, now: this.trueNow });
    this.show = new Show({ device: this.device, platform, trueNow: this.trueNow,
      isBarred: (scene) => this.barred(scene) !== null });
    this.family = new FamilyCodes({ store: this.store, device: this.device, isBarred: (scene) => this.barred(scene) !== null });
    this.inbox = new Inbox({ call: this.call, now: this.phoneNow, onChange: () => this.changed() });
    this.upkeep = new Upkeep(this);
  }

  /** Reads what the phone holds, shows it (or the sign-in), and only then asks the network. */
  async start() {
    await this.account.recall();
    await this.device.recall();
    await this.family.recall();
    this.blocked = (await this.store.get("settings", BLOCKED))?.value ?? null;
    this.show.resume();
    this.changed();
    await this.upkeep.start();
    this.changed();
  }

  /** Something a screen may show has changed. */
  changed() {
    this.onChange();
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

  /** Kills the codes on all devices at once. @throws {ApiError} */
  async freeze() {
    await this.call("POST", `${PATH}/freeze`, {});
    await this.block("frozen");
  }

  /** Takes a device off the list, this one or another. @param {string} id @throws {ApiError} */
  async removeDevice(id) {
    const here = id === this.device.id;
    await this.device.remove(id);
    if (here) await this.block("device_removed");
    await this.account.fetchMe();
  }

  /** Ends the session and leaves nothing on the phone. @throws {ApiError} */
  async signOut() {
    await this.upkeep.idle();
    // The key is destroyed with the sign-out; its grants must not outlive it.
    if (this.device.id !== null) await this.device.remove(this.device.id);
    await this.account.signOut();
    await this.forgetPerson();
  }

  /** Leaves nothing of this person on the phone. */
  async forgetPerson() {
    this.show.hide();
    this.digits.drop();
    await this.store.wipe();
    await this.device.recall();
    await this.family.recall();
    await this.account.forget();
    this.inbox.forget();
    this.blocked = null;
    this.changed();
  }

  /** The person signs in anew. Grants stay: whoever it is keeps them only if the service says they are theirs. */
  async signInAgain() {
    await this.account.forget();
    this.changed();
  }

  /** @param {string} scene @returns {string|null} why this phone gets no codes for a scene, as a key of the words under "reason." */
  barred(scene) {
    return this.account.obstacleOf(scene, this.trueNow());
  }

  /** @returns {string|null} why no code is on screen, as a key of the words under "reason."; null while one is */
  get obstacle() {
    if (this.show.iat !== null) return null;
    const { problem } = this.upkeep;
    if (this.blocked) return this.blocked;
    const barred = this.barred(this.show.scene);
    if (barred !== null) return barred;
    if (SIGN_IN_AGAIN.has(problem?.code)) return "sign_in_required";
    if (problem) return "problem";
    if (!this.online) return this.clock.skewed ? "clock" : "offline";
    return "preparing";
  }

  /** Does what the person is offered against the obstacle. */
  async overcome() {
    if (this.blocked) await this.unblock();
    else if (SIGN_IN_AGAIN.has(this.upkeep.problem?.code)) await this.signInAgain();
    else await this.upkeep.now();
  }

  async #clearBlock() {
    this.blocked = null;
    await this.store.remove("settings", BLOCKED);
  }

  #watched(call) {
    return async (...request) => {
      const before = this.online;
      try {
        const answer = await call(...request);
        // An answer to a call from before the network went says nothing of now.
        if (!before) this.setOnline(true);
        return answer;
      } catch (error) {
        if (error.code) this.setOnline(error.code !== UNREACHABLE);
        throw error;
      }
    };
  }
}
