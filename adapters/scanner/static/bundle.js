/**
 * What this terminal decides by: trust list, status lists and profile, each taken in only after every check, and kept.
 * Nothing here ever goes back, and what fails a check changes nothing.
 */

import { acceptProfile } from "/wallet/core/profile.js";
import { DocumentError } from "/wallet/core/signed.js";
import { accept as acceptLists } from "/wallet/core/snapshot.js";
import { accept as acceptTrustList, openPinned, readUnsigned } from "/wallet/core/trust_list.js";
import { put, remove } from "./ledger.js";

const SIGNED_BY = "signed by";

/** The documents in force. Every change is on the disk before it counts. */
export class Bundle {
  #ledger;
  /** Status keys, in hexadecimal, that have signed what is in force. */
  #keys = new Set();

  /** @type {import("/wallet/core/trust_list.js").TrustList|null} */
  trustList = null;
  /** @type {import("/wallet/core/snapshot.js").Snapshot|null} */
  snapshot = null;
  /** @type {import("/wallet/core/profile.js").Profile|null} */
  profile = null;

  /** @param {import("./ledger.js").Ledger} ledger */
  constructor(ledger) {
    this.#ledger = ledger;
  }

  /** @param {import("./ledger.js").Ledger} ledger @returns {Promise<Bundle>} as an earlier page has left it */
  static async load(ledger) {
    const bundle = new Bundle(ledger);
    const signed = await ledger.fact("trust-list");
    if (signed !== undefined) bundle.trustList = await readUnsigned(signed);
    bundle.snapshot = (await ledger.fact("snapshot")) ?? null;
    bundle.profile = (await ledger.fact("profile")) ?? null;
    bundle.#keys = new Set((await ledger.fact(SIGNED_BY)) ?? []);
    return bundle;
  }

  /**
   * Takes the list that an enrolment begins with.
   *
   * @param {Uint8Array} bytes @param {string|null} pin
   * @throws {TrustListError} also when a newer one is in force: a link cannot lead back
   */
  async begin(bytes, pin) {
    const first = await openPinned(bytes, pin);
    if (this.trustList !== null && this.trustList.version >= first.version) return;
    await this.#ledger.change([put("fact", { name: "trust-list", value: bytes })]);
    this.trustList = first;
  }

  /** Takes the successor. @param {Uint8Array} bytes @param {number} now @throws {TrustListError} */
  async takeTrustList(bytes, now) {
    const after = await acceptTrustList(this.trustList, bytes, now);
    const killed = [...this.#keys].some((kid) => after.killed.has(kid));
    // What a stolen key has signed is not to stay: lists and profile begin anew under another key.
    const forgotten = killed ? ["snapshot", "profile", SIGNED_BY].map((name) => remove("fact", name)) : [];
    await this.#ledger.change([put("fact", { name: "trust-list", value: bytes }), ...forgotten]);
    this.trustList = after;
    if (!killed) return;
    this.snapshot = null;
    this.profile = null;
    this.#keys = new Set();
  }

  /** Takes a snapshot or a delta. @param {Uint8Array} bytes @param {number} now @returns {Promise<boolean>} whether it brought something */
  async takeLists(bytes, now) {
    const { state, kid } = await acceptLists(this.snapshot, bytes, { trustList: this.trustList, now });
    if (state === this.snapshot) return false;
    await this.#keep("snapshot", state, kid);
    this.snapshot = state;
    return true;
  }

  /** Takes a profile. @param {Uint8Array} bytes @param {{terminal: string, scene: string, now: number}} mine */
  async takeProfile(bytes, { terminal, scene, now }) {
    const { profile, kid } = await acceptProfile(this.profile, bytes, { terminal, trustList: this.trustList, now });
    if (profile.scene !== scene) throw new DocumentError("for another scene; enrol this terminal anew");
    await this.#keep("profile", profile, kid);
    this.profile = profile;
  }

  async #keep(name, value, kid) {
    const keys = new Set([...this.#keys, kid]);
    await this.#ledger.change([put("fact", { name, value }), put("fact", { name: SIGNED_BY, value: [...keys] })]);
    this.#keys = keys;
  }
}
