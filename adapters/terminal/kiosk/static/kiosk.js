/** Starts the kiosk page: joins the terminal's events, the keyboard and the forms. */

import { Circumstances } from "/circumstances.js";
import { Heartbeat } from "/heartbeat.js";
import { medicineForm } from "/medicine.js";
import { mayMakeNoise } from "/sounds.js";
import { VerdictScreen } from "/verdict.js";
import { takesText, Wedge } from "/wedge.js";
import { say } from "/words.js";

/** Faster answers need no "checking". */
const BUSY_AFTER_MS = 200;
const BUSY = { zh: "正在核验……", en: "Checking…" };
const UNREADABLE = { zh: "请求无法识别", en: "This request cannot be read" };
const PHARMACY = "pharmacy";
const part = (id) => document.getElementById(id);

let medicine = null;
let circumstances = new Circumstances(part("document-checked"), null, []);
const screen = new VerdictScreen(() => show("ready"));
const heartbeat = new Heartbeat(alive);
// Scans wait for each other, in the order in which the codes were shown.
let queue = Promise.resolve();

function show(state) {
  document.body.dataset.state = state;
  // Nothing below a verdict can be reached by keyboard.
  part("ready").inert = state !== "ready";
}

/** @param {boolean} answers whether the terminal's program does */
function alive(answers) {
  part("gone").hidden = answers;
  if (!answers) show("gone");
  else if (document.body.dataset.state !== "ready" && !screen.shown) show("ready");
}

function take(code) {
  const body = { code, ...circumstances.take() };
  queue = queue.then(() => scan(body));
}

/** The answer comes as an event, like those of every other input of this terminal. */
async function scan(body) {
  const waiting = setTimeout(() => say(part("busy"), BUSY), BUSY_AFTER_MS);
  try {
    const answer = await fetch("/scan", { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body) });
    if (!answer.ok) say(part("busy"), UNREADABLE);
  } catch {
    alive(false);
  } finally {
    clearTimeout(waiting);
    if (part("busy").textContent.startsWith(BUSY.zh)) say(part("busy"), null);
  }
}

function showVerdict(verdict) {
  if (verdict.decision === "accepted") medicine?.reset();
  say(part("busy"), null);
  show("verdict");
  screen.show(verdict);
}

/** The scene is known with the first state. */
function setScene(scene) {
  if (scene !== PHARMACY || medicine !== null) return;
  medicine = medicineForm();
  circumstances = new Circumstances(part("document-checked"), medicine, []);
}

function listen() {
  const events = new EventSource("/events");
  const on = (name, act) => events.addEventListener(name, ({ data }) => act(JSON.parse(data)));
  on("verdict", showVerdict);
  on("problem", (words) => say(part("busy"), words));
  on("state", (beat) => {
    setScene(beat.scene);
    heartbeat.show(beat);
  });
  // A browser gives up on an answer that is no stream of events; a terminal that was busy is asked again.
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  });
}

const wedge = new Wedge(take);
document.addEventListener("keydown", (event) => {
  part("sound-hint").hidden = mayMakeNoise();
  if (takesText(event.target)) return;
  const shown = screen.shown;
  screen.dismiss();
  // The key that closes a verdict must not press a button below it.
  if (wedge.key(event) || shown) event.preventDefault();
});
document.addEventListener("pointerup", () => {
  part("sound-hint").hidden = mayMakeNoise();
});
part("typed").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = part("typed-code").value.replace(/\s/g, "");
  part("typed-code").value = "";
  // Out of the field, so that a hand scanner is heard again.
  document.activeElement?.blur();
  if (code) take(code);
});

part("sound-hint").hidden = mayMakeNoise();
listen();
