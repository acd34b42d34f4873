/** A promise face for one IndexedDB database. Keeps CryptoKeys, which no other browser store can. */

/**
 * @param {string} name
 * @param {Record<string, string>} tables key path by table
 * @returns {Promise<Store>}
 */
export async function openStore(name, tables) {
  const request = globalThis.indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    for (const [table, keyPath] of Object.entries(tables)) request.result.createObjectStore(table, { keyPath });
  };
  return new Store(await settled(request), Object.keys(tables));
}

/** Reads and writes whole records. */
export class Store {
  #database;
  #tables;

  /** @param {IDBDatabase} database @param {string[]} tables */
  constructor(database, tables) {
    this.#database = database;
    this.#tables = tables;
  }

  /** @param {string} table @param {IDBValidKey} key @returns {Promise<object|undefined>} */
  get(table, key) {
    return settled(this.#table(table, "readonly").get(key));
  }

  /** @param {string} table @returns {Promise<object[]>} */
  all(table) {
    return settled(this.#table(table, "readonly").getAll());
  }

  /** @param {string} table @param {object} record */
  put(table, record) {
    return settled(this.#table(table, "readwrite").put(record));
  }

  /** @param {string} table @param {IDBValidKey} key */
  remove(table, key) {
    return settled(this.#table(table, "readwrite").delete(key));
  }

  /** Empties every table; the keys in them are gone for good. */
  async wipe() {
    for (const table of this.#tables) await settled(this.#table(table, "readwrite").clear());
  }

  #table(table, mode) {
    return this.#database.transaction(table, mode).objectStore(table);
  }
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
