/**
 * What the service workers of wallet and scanner have in common: files that are kept, answer first, and are replaced
 * together. A classic script, because not every browser's workers take modules.
 */

self.kept = {
  /** Replaces kept files by those of the service: all, or none if one cannot be had. */
  async renew(store, names) {
    // "no-cache" asks whether the browser's own copy still holds: what the page has just loaded is not sent twice.
    const fresh = await Promise.all(names.map((name) => fetch(name, { cache: "no-cache" })));
    // A page that a portal or an error put in the place of a file must not stay here.
    if (!fresh.every((answer) => answer.ok && !answer.redirected)) throw new Error("the files are not to be had");
    const cache = await caches.open(store);
    await Promise.all(fresh.map((answer, at) => cache.put(names[at], answer)));
  },

  /** What is kept, else what the network gives. */
  async first(store, request) {
    return await (await caches.open(store)).match(new URL(request.url).pathname) ?? fetch(request);
  },
};
