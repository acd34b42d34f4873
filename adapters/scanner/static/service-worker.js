/**
 * Keeps the scanner's own files, so that a terminal starts without network. Never keeps an answer of the API.
 *
 * What is kept answers first. Every opening of a page then fetches all files behind its back and replaces them together,
 * so that the next opening is the new release, and never half of it.
 */

importScripts("/wallet/static/kept.js");

const CACHE = "city-code-scanner";
const FILES = ["/wallet/lib/scanner.js", "/wallet/lib/scanner.css", "/wallet/static/icon.svg",
  // A city may sign by SM2, and the first code may come without network.
  ...["zxing_reader.js", "zxing_share.js", "zxing_reader.wasm", "sm_crypto.js"].map((name) => `/wallet/lib/${name}`)];
/** The page itself, one for each scene: it is kept once it was opened. */
const PAGE = /^\/scanner\/[a-z_]+$/;

self.addEventListener("install", (event) => {
  event.waitUntil(renew().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (FILES.includes(pathname) || PAGE.test(pathname)) event.respondWith(kept.first(CACHE, event.request));
  if (PAGE.test(pathname)) event.waitUntil(renew(pathname).catch(() => {}));
});

/** Replaces the kept files, and the pages that were opened here, by those of the service: all, or none. */
async function renew(opened = null) {
  const cache = await caches.open(CACHE);
  const pages = (await cache.keys()).map(({ url }) => new URL(url).pathname).filter((pathname) => PAGE.test(pathname));
  const names = [...new Set([...FILES, ...pages, ...(opened ? [opened] : [])])];
  await kept.renew(CACHE, names);
}
