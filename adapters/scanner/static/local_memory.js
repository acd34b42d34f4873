/**
 * What the verifier and a scene may ask and mark at this terminal, for one scan. Marks are only collected here: they are
 * written with the scan, or dropped with a refusal.
 */

import { Rejected, STATUS_STALE } from "/wallet/core/reasons.js";
import { SKEW, statusOf } from "/wallet/core/snapshot.js";
import { cityDay } from "./city_time.js";
import { add, put } from "./ledger.js";

/** Seconds that a grant may have been dated back: one of a list that is newer than the lists at hand was valid then. */
const BACKDATE = 60;

/** Memory of one scan at `now`. */
export class LocalMemory {
  #ledger;
  #profile;
  #snapshot;
  #now;
  #grant = null;
  #marked = new Map();

  /**
   * @param {import("./ledger.js").Ledger} ledger
   * @param {import("/wallet/core/profile.js").Profile} profile
   * @param {import("/wallet/core/snapshot.js").Snapshot|null} snapshot
   * @param {number} now
   */
  constructor(ledger, profile, snapshot, now) {
    this.#ledger = ledger;
    this.#profile = profile;
    this.#snapshot = snapshot;
    this.#now = now;
  }

  get place() {
    return this.#profile.place;
  }

  get capacity() {
    return this.#profile.capacity;
  }

  /** What was marked, as changes of the ledger. */
  changes() {
    return [...this.#marked.values()].map(({ table, isNew, record }) => (isNew ? add(table, record) : put(table, record)));
  }

  /** Forgets what was marked. */
  drop() {
    this.#marked.clear();
  }

  /** Revoked stays true however old the lists are; anything else needs lists that are fresh enough. */
  status(list, idx, grant) {
    this.#grant = grant;
    const snapshot = this.#snapshot;
    const status = snapshot && statusOf(snapshot, list, idx);
    if (status === "revoked") return status;
    if (snapshot === null || this.#now >= snapshot.expires || this.#now - snapshot.version > this.#profile.listAge
      || snapshot.version > this.#now + SKEW) {
      throw new Rejected(STATUS_STALE);
    }
    if (!snapshot.lists.has(list) && grant.issued + BACKDATE >= snapshot.version) return "valid";
    return status;
  }

  /** @returns {Promise<boolean>} false when this terminal has seen the code before */
  async firstUse(list, idx, iat) {
    const id = `${list}-${idx}-${iat}`;
    if (await this.#find("use", id)) return false;
    this.#mark("use", { id, at: this.#now }, true);
    return true;
  }

  /** Marks a code that the service has accepted as used here as well. */
  async use(list, idx, iat) {
    this.#mark("use", { id: `${list}-${idx}-${iat}`, at: this.#now }, false);
  }

  /** Adds to the holder's counter unless that exceeds `limit`. @returns {Promise<number|null>} what is left, else null */
  take(name, amount, limit) {
    return this.#take(`${name} ${this.#holder()}`, amount, limit);
  }

  /** The same for the place, as far as this terminal knows. */
  takeShared(name, amount, limit) {
    return this.#take(`${name} `, amount, limit);
  }

  /** Marks a name for the holder; false when it was marked less than `seconds` ago. */
  async firstWithin(name, seconds) {
    const id = `${name} ${this.#holder()}`;
    const before = await this.#find("moment", id);
    if (before && before.at > this.#now - seconds) return false;
    this.#mark("moment", { id, at: this.#now }, false);
    return true;
  }

  /** @returns {Promise<number|null>} when a name was last marked for the holder */
  async lastAt(name) {
    return (await this.#find("moment", `${name} ${this.#holder()}`))?.at ?? null;
  }

  /** Changes the holder's balance, which has no bound. */
  add(name, change) {
    return this.#add(`${name} ${this.#holder()}`, change);
  }

  /** Changes the place's balance unless it grew beyond `limit`. @returns {Promise<number|null>} */
  async addShared(name, change, limit) {
    const id = `${name} `;
    if (change > 0 && await this.#add(id, 0) + change > limit) return null;
    return this.#add(id, change);
  }

  /** How many people the holder has tickets for on a day, as the profile lists them. */
  tickets(day) {
    return this.#ticket(day)?.count ?? 0;
  }

  /** Which slot they are for, as the profile says; empty for the whole day. */
  slot(day) {
    return this.#profile.slots.get(day)?.get(this.#grantId()) ?? "";
  }

  /** The holder as far as a terminal can tell: the handle of a ticket, else the grant itself. */
  #holder() {
    return this.#ticket(cityDay(this.#now))?.handle ?? this.#grantId();
  }

  #ticket(day) {
    return this.#profile.tickets.get(day)?.get(this.#grantId());
  }

  #grantId() {
    return `${this.#grant.list}-${this.#grant.idx}`;
  }

  async #take(id, amount, limit) {
    const used = ((await this.#find("tally", id))?.used ?? 0) + amount;
    if (used > limit) return null;
    this.#mark("tally", { id, used, at: this.#now }, false);
    return limit - used;
  }

  async #add(id, change) {
    const used = ((await this.#find("tally", id))?.used ?? 0) + change;
    this.#mark("tally", { id, used, at: this.#now }, false);
    return used;
  }

  async #find(table, id) {
    return this.#marked.get(`${table} ${id}`)?.record ?? this.#ledger.get(table, id);
  }

  #mark(table, record, isNew) {
    this.#marked.set(`${table} ${record.id}`, { table, record, isNew });
  }
}
