// The offline copy of one shared programme. `KEPT` stands before this: the page's address, the files it needs, and a
// version that is new when those are. The network comes first; without one, or when it takes too long, the copy
// comes, and says that it is one. A page that has ended (410) or is not there (404) takes the copy with it.
const CACHE = `bryggan ${KEPT.page} ${KEPT.version}`;
const OURS = `bryggan ${KEPT.page} `;
// Milliseconds that a crowded network gets before the copy is shown.
const PATIENCE = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(keepEverything().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forget((name) => name !== CACHE).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname === KEPT.page) event.respondWith(page(event));
  else if (KEPT.files.includes(pathname)) event.respondWith(file(request));
});

async function keepEverything() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT.files);
  const answer = await fetch(KEPT.page, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  await keep(answer);
}

async function page(event) {
  const network = fetch(event.request).then(
    (answer) => heed(answer, event),
    () => undefined,
  );
  event.waitUntil(network);
  const first = await Promise.race([network, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  if (first && first.status < 500 && first.status !== 429) return first;
  return (await copy()) ?? (await network) ?? Response.error();
}

// What the answer means for the copy; then the answer itself.
async function heed(answer, event) {
  // Nobody waits for the copy to be written, and a full phone is no reason to show nothing.
  if (answer.ok) event.waitUntil(keep(answer.clone()).catch(() => undefined));
  if (answer.status === 404 || answer.status === 410) {
    await forget(() => true);
    await self.registration.unregister();
  }
  return answer;
}

async function keep(answer) {
  const headers = new Headers(answer.headers);
  // The text is kept unpacked.
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  headers.set("X-Kept-At", new Date().toISOString());
  const cache = await caches.open(CACHE);
  await cache.put(KEPT.page, new Response(await answer.blob(), { headers }));
}

async function copy() {
  const kept = await caches.match(KEPT.page, { cacheName: CACHE, ignoreVary: true });
  if (!kept) return undefined;
  const html = await kept.text();
  const shown = html
    .replace('id="kept-copy" hidden', 'id="kept-copy"')
    .replace('<span id="kept-at"></span>', `<span id="kept-at">${when(kept.headers.get("X-Kept-At"))}</span>`);
  return new Response(shown, { headers: kept.headers });
}

function when(moment) {
  const zone = { timeZone: "Europe/Stockholm" };
  const date = new Date(moment);
  const clock = date.toLocaleTimeString("sv-SE", { ...zone, hour: "2-digit", minute: "2-digit" }).replace(":", ".");
  const day = date.toLocaleDateString("sv-SE", { ...zone, weekday: "long", day: "numeric", month: "long" });
  return `kl ${clock} ${day}`;
}

async function file(request) {
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}

async function forget(isOld) {
  for (const name of await caches.keys()) {
    if (name.startsWith(OURS) && isOld(name)) await caches.delete(name);
  }
}
