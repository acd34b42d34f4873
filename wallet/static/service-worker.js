/**
 * Keeps the wallet's own files, so that it opens at once and without network. Never keeps an answer of the API.
 *
 * What is kept answers first: at the door of a bus nobody waits for a network. Every opening then fetches all files
 * behind the page's back and replaces them together, so that the next opening is the new release, and never half of it.
 */

importScripts("/wallet/static/kept.js");

const CACHE = "city-code-wallet";
const SHELL = "/wallet/";

const FILES = [SHELL, "/wallet/lib/wallet.js", "/wallet/lib/wallet.css", "/wallet/static/icon.svg", "/wallet/static/manifest.webmanifest"];
/** Kept when they are first fetched: the camera's reader, and what only a city that signs by SM2 needs. */
const LATER = ["/wallet/lib/sm_crypto.js", "/wallet/lib/zxing_reader.js", "/wallet/lib/zxing_share.js", "/wallet/lib/zxing_reader.wasm"];

self.addEventListener("install", (event) => {
  event.waitUntil(kept.renew(CACHE, FILES).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (FILES.includes(pathname)) event.respondWith(kept.first(CACHE, event.request));
  else if (LATER.includes(pathname)) event.respondWith(networkFirst(event.request, pathname));
  if (pathname === SHELL) event.waitUntil(kept.renew(CACHE, FILES).catch(() => {}));
});

async function networkFirst(request, pathname) {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok && !fresh.redirected) await cache.put(pathname, fresh.clone());
    return fresh;
  } catch (error) {
    const before = await cache.match(pathname);
    if (before) return before;
    throw error;
  }
}
