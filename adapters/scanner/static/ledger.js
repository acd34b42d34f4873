/**
 * What a terminal keeps in this browser: scans until the service confirms them, first uses, counters and its documents.
 *
 * A change is one transaction with strict durability: when it has resolved it is on the disk, and only then is anything
 * shown. Scans are sealed with AES-256-GCM under a key that WebCrypto does not give out, bound to their number.
 */

const TABLES = { fact: "name", scan: "seq", use: "id", tally: "id", moment: "id" };
const MARKS = ["use", "tally", "moment"];
/** Seconds that a mark is kept: a code counts for two minutes, a counter for a day. */
const MARK_REST = 24 * 3600;
const STREAM_BYTES = 8;
const NONCE_BYTES = 12;
const AES = { name: "AES-GCM", length: 256 };

/** The browser did not take or give what was asked; what was not stored may not be answered. `passes`: the disk is only full. */
export class StoreError extends Error {
  constructor(cause) {
    super(`not stored (${cause?.name ?? "unknown"})`, { cause });
    this.passes = cause?.name === "QuotaExceededError";
  }
}

/**
 * @param {string} terminal
 * @returns {Promise<Ledger>} what this browser has kept for a terminal, whichever key it has now
 * @throws {StoreError}
 */
export async function openLedger(terminal) {
  const request = globalThis.indexedDB.open(`city-code-scanner-${terminal}`, 1);
  request.onupgradeneeded = () => {
    for (const [table, keyPath] of Object.entries(TABLES)) request.result.createObjectStore(table, { keyPath });
    for (const table of MARKS) request.transaction.objectStore(table).createIndex("at", "at");
  };
  const ledger = new Ledger(await settled(request));
  await ledger.begin();
  return ledger;
}

/** One database. Who writes is alone: see `alone.js`. */
export class Ledger {
  #database;
  #key = null;
  #last = 0;

  /** Names this run of numbers, as long as the browser keeps its data. @type {Uint8Array} */
  stream = new Uint8Array(STREAM_BYTES);

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  /** Reads, or makes, the name of the stream and the key of what is sealed. */
  async begin() {
    let kept = await this.fact("stream");
    if (kept === undefined) {
      const key = await globalThis.crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
      kept = { stream: globalThis.crypto.getRandomValues(new Uint8Array(STREAM_BYTES)), key };
      await this.change([put("fact", { name: "stream", value: kept })]);
    }
    this.stream = kept.stream;
    this.#key = kept.key;
    this.#last = (await this.fact("last")) ?? 0;
  }

  /** The highest number that was given; 0 before the first. */
  get last() {
    return this.#last;
  }

  /** @param {string} name @returns {Promise<any>} */
  async fact(name) {
    return (await this.get("fact", name))?.value;
  }

  /** @param {string} table @param {IDBValidKey} key @returns {Promise<any>} */
  get(table, key) {
    return this.#read(table, (store) => store.get(key));
  }

  /** @returns {Promise<number>} scans that wait for the service */
  waiting() {
    return this.#read("scan", (store) => store.count());
  }

  /**
   * Makes changes, all or none.
   *
   * @param {((transaction: IDBTransaction) => void)[]} changes of `put`, `add` and `remove`
   * @throws {StoreError}
   */
  change(changes) {
    return this.#transact("readwrite", (transaction) => changes.forEach((change) => change(transaction)));
  }

  /**
   * Keeps one scan with what else it changes.
   *
   * @param {Uint8Array} item
   * @param {number} at
   * @param {Function[]} changes
   * @returns {Promise<number>} its number, which no other scan of this stream ever has
   */
  async addScan(item, at, changes) {
    const seq = this.#last + 1;
    const sealed = await this.#seal(item, seq);
    // `add`: a number that stands there already spoils the whole.
    await this.change([...changes, add("scan", { seq, at, sealed }), put("fact", { name: "last", value: seq })]);
    this.#last = seq;
    return seq;
  }

  /** @param {number} limit @returns {Promise<[number, Uint8Array][]>} the oldest; one that was damaged comes as no bytes */
  async scans(limit) {
    const found = await this.#read("scan", (store) => store.getAll(null, limit));
    return Promise.all(found.map(async ({ seq, sealed }) => [seq, await this.#open(sealed, seq)]));
  }

  /**
   * Forgets scans that the service has.
   *
   * @param {number[]} numbers
   * @returns {Promise<number>} how many still wait; with none, acceptances are counted anew
   */
  async confirm(numbers) {
    let waiting = 0;
    await this.#transact("readwrite", (transaction) => {
      const scans = transaction.objectStore("scan");
      for (const seq of numbers) scans.delete(seq);
      scans.count().onsuccess = (event) => {
        waiting = event.target.result;
        if (waiting === 0) transaction.objectStore("fact").delete("accepted");
      };
    });
    return waiting;
  }

  /** Forgets marks that have had their time. @param {number} now */
  purge(now) {
    return this.#transact("readwrite", (transaction) => {
      for (const table of MARKS) {
        const request = transaction.objectStore(table).index("at").openCursor(IDBKeyRange.upperBound(now - MARK_REST, true));
        request.onsuccess = () => {
          request.result?.delete();
          request.result?.continue();
        };
      }
    });
  }

  async #read(table, ask) {
    try {
      return await settled(ask(this.#database.transaction(table, "readonly").objectStore(table)));
    } catch (error) {
      throw error instanceof StoreError ? error : new StoreError(error);
    }
  }

  async #transact(mode, work) {
    let transaction = null;
    try {
      transaction = this.#database.transaction(Object.keys(TABLES), mode, { durability: "strict" });
      work(transaction);
    } catch (error) {
      // What was asked before it must not be done alone.
      transaction?.abort();
      throw new StoreError(error);
    }
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(new StoreError(transaction.error));
    });
  }

  async #seal(item, seq) {
    const nonce = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const body = await globalThis.crypto.subtle.encrypt({ name: AES.name, iv: nonce, additionalData: this.#place(seq) }, this.#key, item);
    return { nonce, body };
  }

  async #open({ nonce, body }, seq) {
    try {
      return new Uint8Array(await globalThis.crypto.subtle.decrypt({ name: AES.name, iv: nonce, additionalData: this.#place(seq) }, this.#key, body));
    } catch (error) {
      if (error instanceof DOMException) return new Uint8Array(0);
      throw error;
    }
  }

  /** Where a scan stands: moved to another number, it does not open. */
  #place(seq) {
    const place = new Uint8Array(STREAM_BYTES + 8);
    place.set(this.stream);
    new DataView(place.buffer).setBigUint64(STREAM_BYTES, BigInt(seq));
    return place;
  }
}

/** @param {string} table @param {object} record @returns {(transaction: IDBTransaction) => void} */
export function put(table, record) {
  return (transaction) => transaction.objectStore(table).put(record);
}

/** Like `put`, for a record that must not be there yet. @param {string} table @param {object} record */
export function add(table, record) {
  return (transaction) => transaction.objectStore(table).add(record);
}

/** @param {string} table @param {IDBValidKey} key */
export function remove(table, key) {
  return (transaction) => transaction.objectStore(table).delete(key);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new StoreError(request.error));
  });
}
