/** This phone as a registered device: its key, its grants, and the calls that renew and check them. */

import { ApiError } from "./api.js";
import { fromBase64url, toBase64url } from "./base64url.js";
import { batchSize, needsRenewal, TIE_BATCH } from "./grants.js";
import { writeJws } from "./jws.js";

const PATH = "/wallet/api/v1";
const RECORD = "device";
/** What a city that cannot sign now will most likely sign by. */
const DEFAULT_ALGORITHM = "ES256";
/** Places that the service looks up in one call. */
const MOST_STATUSES = 64;
/** Errors that a second try with a corrected clock or fresh keys can cure. */
const WORTH_A_SECOND_TRY = new Set(["clock_skew", "weak_key"]);

/** Holds device key and grants in the store; how well the keys are kept is the platform's part. */
export class Device {
  #store;
  #keys;
  #call;
  #account;
  #now;

  /** Server's name of this device, null before registration. */
  id = null;
  /** Grants on hand, see core/grants.js: the owner's, and those of people they act for. */
  #held = [];

  /**
   * @param {object} parts
   * @param {import("./platform.js").Store} parts.store
   * @param {import("./platform.js").Keys} parts.keys
   * @param {Function} parts.call
   * @param {import("./account.js").Account} parts.account
   * @param {() => number} parts.now seconds, corrected by the server's clock
   */
  constructor({ store, keys, call, account, now }) {
    this.#store = store;
    this.#keys = keys;
    this.#call = call;
    this.#account = account;
    this.#now = now;
  }

  /** The owner's own grants. */
  get grants() {
    return this.grantsOf(null);
  }

  /** @param {string|null} tie @returns {object[]} grants of the one acted for under a tie; null: the owner's own */
  grantsOf(tie) {
    return this.#held.filter((grant) => (grant.tie ?? null) === tie);
  }

  async recall() {
    this.id = (await this.#store.get("settings", RECORD))?.id ?? null;
    this.#held = await this.#store.all("grants");
    await this.#drop((grant) => grant.expires <= this.#now());
  }

  /**
   * Registers this phone unless the service already knows it.
   *
   * @param {string} name
   * @throws {ApiError} device_removed: the owner took this phone off the list; only they may put it back
   */
  async enrol(name) {
    if (this.id !== null && this.#account.me.devices.some((device) => device.id === this.id)) return;
    const owner = this.#account.me.phone;
    const known = await this.#store.get("settings", RECORD);
    if (known?.owner === owner) throw new ApiError({ status: 409, code: "device_removed" });
    await this.forget();
    const { id, privateKey } = await this.#twice(() => this.#register(name));
    await this.#store.put("settings", { name: RECORD, id, owner, privateKey });
    this.id = id;
    await this.#account.fetchMe();
  }

  /**
   * Tells the service that a session which began without this phone's key is on this phone: its older ones end, and
   * scenes that ask for a known phone are open to it.
   *
   * @throws {ApiError}
   */
  async join() {
    // The service says so itself; one of another version says nothing.
    if (this.#account.me.device !== null) return;
    const { session } = this.#account.me;
    await this.#twice(() => this.#request("sessions/device", "session-proof+jwt", { session }));
    await this.#account.fetchMe();
  }

  /**
   * Fetches what is missing for one scene; does nothing while enough is on hand.
   *
   * @param {string} scene
   * @param {string|null} [tie] to the one acted for
   */
  async refill(scene, tie = null) {
    const size = tie === null ? batchSize(scene) : TIE_BATCH;
    if (needsRenewal(this.grantsOf(tie), scene, this.#now(), size)) await this.#twice(() => this.#fetchGrants(scene, size, tie));
  }

  /**
   * Fetches handles for digit codes. Unlike grants they are not stored: each is good for ten minutes.
   *
   * @param {string} scene
   * @param {number} count
   * @returns {Promise<{handle: string, seed: string, expires: number}[]>}
   * @throws {ApiError}
   */
  async fetchDigitCodes(scene, count) {
    const { codes } = await this.#twice(() => this.#request("digit-codes", "digit-request+jwt", { scene, count }));
    return codes;
  }

  /** Asks whether the grants on hand still stand and drops those that do not. @returns {Promise<boolean>} any dropped */
  async checkStatuses() {
    const asked = [...this.#held];
    const dead = new Set();
    for (let from = 0; from < asked.length; from += MOST_STATUSES) {
      const some = asked.slice(from, from + MOST_STATUSES);
      const places = some.map(({ list, idx }) => [list, idx]);
      const { statuses } = await this.#call("POST", `${PATH}/grants/status`, { grants: places });
      some.filter((_, at) => statuses[at] !== "valid").forEach(({ id }) => dead.add(id));
    }
    await this.#drop((grant) => dead.has(grant.id) || grant.expires <= this.#now());
    return dead.size > 0;
  }

  /** @param {object} grant @param {{at: number, begins: boolean}} showing begins: its hour on screen starts now */
  async markShown(grant, { at, begins }) {
    const held = this.#held.find(({ id }) => id === grant.id);
    if (!held) return;
    if (begins || held.shownFrom === null) held.shownFrom = at;
    held.shownLast = at;
    await this.#store.put("grants", held);
  }

  /** @returns {object|null} the grant that was on screen last, before this page was opened */
  get lastShown() {
    return lastOf(this.grants);
  }

  /** The grants of one tie as `Show` needs them. @param {string} tie */
  actingFor(tie) {
    const held = () => this.grantsOf(tie);
    return {
      get grants() {
        return held();
      },
      get lastShown() {
        return lastOf(held());
      },
      markShown: (grant, showing) => this.markShown(grant, showing),
    };
  }

  /** Signs claims about this moment by the device key. @param {string} typ @param {object} asked @returns {Promise<string>} JWS */
  async prove(typ, asked) {
    const { privateKey } = await this.#store.get("settings", RECORD);
    return this.#sign(privateKey, { typ }, { aud: this.#account.me.issuer, iat: this.#now(), sub: this.id, ...asked });
  }

  /** Drops the grants of one tie, which has ended. @param {string} tie */
  async dropGrantsOf(tie) {
    await this.#drop((grant) => grant.tie === tie);
  }

  /** Drops the grants; the phone stays registered. */
  async dropGrants() {
    await this.#drop(() => true);
  }

  /** Drops key and grants of this phone. */
  async forget() {
    await this.dropGrants();
    await this.#store.remove("settings", RECORD);
    this.id = null;
  }

  /** Tells the service to drop a device, this one or another. @param {string} id */
  async remove(id) {
    await this.#call("DELETE", `${PATH}/devices/${encodeURIComponent(id)}`);
    if (id === this.id) await this.forget();
  }

  async #register(name) {
    const { jwk, privateKey } = await this.#keys.makeDeviceKey();
    const { issuer, session } = this.#account.me;
    const header = { typ: "device-proof+jwt", jwk };
    const proof = await this.#sign(privateKey, header, { aud: issuer, iat: this.#now(), sub: session });
    const { id } = await this.#call("POST", `${PATH}/devices`, { name, proof });
    return { id, privateKey };
  }

  async #fetchGrants(scene, size, tie) {
    const algorithm = this.#account.me.algorithm ?? DEFAULT_ALGORITHM;
    const pairs = await Promise.all(Array.from({ length: size }, () => this.#keys.makeGrantKey(algorithm)));
    const points = pairs.map(({ point }) => toBase64url(point));
    const { grants } = await this.#request("grants", "grant-request+jwt", { scene, algorithm, keys: points,
      ...(tie === null ? {} : { for: tie }) });
    for (const given of grants) {
      const place = points.indexOf(given.key);
      // A grant for a key that this phone does not hold could never be shown.
      if (place >= 0) await this.#keep(given, tie, pairs[place].privateKey);
    }
  }

  /** A request under the device key, which shows that it comes from this phone. */
  async #request(path, typ, asked) {
    return this.#call("POST", `${PATH}/${path}`, { proof: await this.prove(typ, asked) });
  }

  #sign(privateKey, header, claims) {
    return writeJws(this.#keys.holderOf(privateKey).sign, header, claims);
  }

  async #keep({ grant, list, idx, scene, not_before: notBefore, expires }, tie, privateKey) {
    const held = { id: `${list}:${idx}`, list, idx, tie, scene, grant: fromBase64url(grant), notBefore, expires, privateKey,
      shownFrom: null, shownLast: null };
    await this.#store.put("grants", held);
    this.#held.push(held);
  }

  async #drop(isGone) {
    const gone = this.#held.filter(isGone);
    this.#held = this.#held.filter((grant) => !gone.includes(grant));
    for (const { id } of gone) await this.#store.remove("grants", id);
  }

  async #twice(act) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ApiError) || !WORTH_A_SECOND_TRY.has(error.code)) throw error;
      await this.#account.fetchMe(); // brings the server's time
      return act();
    }
  }
}

function lastOf(grants) {
  const shown = grants.filter((grant) => grant.shownLast !== null);
  return shown.sort((left, right) => right.shownLast - left.shownLast)[0] ?? null;
}
