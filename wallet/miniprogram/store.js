/**
 * Records in WeChat's storage, as the `Store` of core/platform.js. Each is encrypted by WeChat for this person on this
 * phone; that keeps out other programs, not whoever rules the phone. So nothing in it outlives a day and an hour.
 */

import { fromBase64url, toBase64url } from "./core/base64url.js";
import { TABLES } from "./core/wallet.js";
import { ask, WeChatError } from "./call.js";

/** Longest life of a stored grant with its key, whatever a city issues. */
const LONGEST_LIFE = 25 * 3600;
const PREFIX = "city-code";

/** @param {() => number} now seconds @returns {import("./core/platform.js").Store} */
export function wechatStore(now) {
  const read = async (key) => {
    try {
      return unpack((await ask("getStorage", { key, encrypt: true })).data);
    } catch (error) {
      // WeChat fails for what is not there.
      if (error instanceof WeChatError) return undefined;
      throw error;
    }
  };
  const keysOf = async (prefix) => (await ask("getStorageInfo")).keys.filter((key) => key.startsWith(prefix));
  return {
    get: (table, key) => read(nameOf(table, key)),
    async all(table) {
      const records = await Promise.all((await keysOf(nameOf(table, ""))).map(read));
      return records.filter((record) => record !== undefined);
    },
    async put(table, record) {
      await ask("setStorage", { key: nameOf(table, record[TABLES[table]]), data: pack(shortened(record, now())), encrypt: true });
    },
    async remove(table, key) {
      await ask("removeStorage", { key: nameOf(table, key) });
    },
    async wipe() {
      for (const key of await keysOf(`${PREFIX}/`)) await ask("removeStorage", { key });
    },
  };
}

function nameOf(table, key) {
  return `${PREFIX}/${table}/${key}`;
}

function shortened(record, now) {
  return "expires" in record ? { ...record, expires: Math.min(record.expires, Math.floor(now) + LONGEST_LIFE) } : record;
}

/** WeChat stores text; bytes are marked, so that they come back as bytes. */
function pack(record) {
  return JSON.stringify(record, (_, value) => (value instanceof Uint8Array ? { bytes: toBase64url(value) } : value));
}

function unpack(text) {
  return JSON.parse(text, (_, value) => (typeof value?.bytes === "string" ? fromBase64url(value.bytes) : value));
}
