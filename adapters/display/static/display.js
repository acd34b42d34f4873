/** The display of a hall: asks for the numbers every two seconds, and says so when it cannot. */

const EVERY_MS = 2000;
/** A display that is older than this must not look alive. */
const STALE_MS = 10_000;
const place = document.body.dataset.place;
const part = (id) => document.getElementById(id);
let answered = Date.now();
let skew = 0;
let shown = "";

function element(name, text, { lang, className } = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  if (lang) made.lang = lang;
  if (className) made.className = className;
  return made;
}

function calledLine({ window, number, serving, calls }) {
  const line = document.createElement("li");
  line.className = serving ? "serving" : "calling";
  line.dataset.window = window;
  const where = element("span", `${window} 号窗口 `, { className: "window" });
  where.append(element("span", `Window ${window}`, { lang: "en" }));
  const state = element("span", serving ? "办理中 " : calls > 1 ? `请到窗口（第 ${calls} 次） ` : "请到窗口 ", { className: "state" });
  state.append(element("span", serving ? "Being served" : "Please come", { lang: "en" }));
  line.append(element("strong", number, { className: "number" }), where, state);
  return line;
}

function waitingLine({ title, prefix, waiting }) {
  const line = document.createElement("li");
  const name = element("span", `${prefix} ${title.zh}`);
  name.append(element("span", title.en, { lang: "en" }));
  line.append(name, element("b", String(waiting)));
  return line;
}

function show({ called, waiting }) {
  // Only a change is written, so that a screen reader says each number once.
  const now = JSON.stringify([called, waiting]);
  if (now === shown) return;
  shown = now;
  part("called").replaceChildren(...called.map(calledLine));
  part("waiting").replaceChildren(...waiting.map(waitingLine));
  part("nobody").hidden = called.length > 0;
}

async function ask() {
  try {
    const answer = await fetch(`/hall/${encodeURIComponent(place)}/numbers`, { cache: "no-store" });
    if (answer.ok) {
      const body = await answer.json();
      answered = Date.now();
      skew = body.server_time * 1000 - answered;
      show(body);
    }
  } catch (error) {
    console.warn("no numbers", error.name);
  }
  part("stale").hidden = Date.now() - answered < STALE_MS;
  setTimeout(ask, EVERY_MS);
}

function tick() {
  part("clock").textContent = new Intl.DateTimeFormat("zh-CN",
    { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" }).format(new Date(Date.now() + skew));
}

setInterval(tick, 1000);
tick();
await ask();
