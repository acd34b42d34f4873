/** Starts the scanner page: enrols if asked to, opens the terminal, then joins inputs, desk and verdict. */

import { createApi } from "/wallet/core/api.js";
import { byFetch } from "/wallet/core/fetch.js";
import { canHoldKeys } from "/wallet/core/keys.js";
import { TrustListError } from "/wallet/core/trust_list.js";
import { Acts } from "./acts.js";
import { alone, whenEnrolled } from "./alone.js";
import { CameraPanel } from "./camera_panel.js";
import { clinicForm } from "./clinic.js";
import { Circumstances } from "./circumstances.js";
import { Desk } from "./desk.js";
import { Documents } from "./documents.js";
import { enrol, openTerminals, readLink, wouldStrand } from "./enrolment.js";
import { gateForm } from "./gate.js";
import { Heartbeat } from "./heartbeat.js";
import { askToPersist, keepForOffline } from "./offline.js";
import { openParts } from "./parts.js";
import { LockPanel } from "./lock_panel.js";
import { medicineForm } from "./medicine.js";
import { Prescriptions } from "./prescriptions.js";
import { prepareReader, readQr } from "/wallet/static/qr_reader.js";
import { registrationForm } from "./registration.js";
import { servicesForm } from "./services.js";
import { SerialPanel } from "./serial_panel.js";
import { SettingsPanel } from "./settings_panel.js";
import { joinVolume, writeVolume } from "./sound_panel.js";
import { localVerdict, VerdictScreen } from "./verdict.js";
import { takesText, Wedge } from "./wedge.js";
import { applyWords, language, otherLanguage, switchLanguage, t } from "./words.js";

const SCENE = document.body.dataset.scene;
const CHOICES_EVERY_MS = 20_000;
const LANGUAGE_NAMES = { zh: "中文", en: "English" };
const part = (id) => document.getElementById(id);
const onWords = [];

function show(state) {
  document.body.dataset.state = state;
  part("opening").hidden = true;
  for (const id of ["not-enrolled", "elsewhere"]) part(id).hidden = state !== id;
  part("ready").hidden = state === "not-enrolled" || state === "elsewhere";
  // Nothing below a verdict can be reached by keyboard.
  part("desk").inert = part("settings").inert = state === "verdict";
}

function writeWords() {
  applyWords();
  part("scene-title").textContent = t(`scene.${SCENE}`);
  part("language").textContent = LANGUAGE_NAMES[otherLanguage()];
  onWords.forEach((write) => write());
}

/** Enrols from a link, or explains why not. */
async function enrolHere(store, link) {
  const call = createApi({ request: byFetch, language });
  part("enrol-problem").hidden = true;
  part("enrol-retry").hidden = true;
  try {
    if (await wouldStrand(store, SCENE, link)) return explain(t("enrol.waiting"));
    const terminal = await enrol(store, call, new Documents(), link);
    if (terminal.scene === SCENE) await open(store, terminal);
    else location.replace(`/scanner/${encodeURIComponent(terminal.scene)}`);
  } catch (error) {
    if (error instanceof TrustListError) return explain(t("enrol.wrong_list"));
    if (!error.code) throw error;
    explain([error.title || t("reason.temporarily_unavailable"), error.detail].filter(Boolean).join(" "));
    // The link was taken out of the address; only this page still knows it.
    part("enrol-retry").hidden = error.status !== 0;
    part("enrol-retry").onclick = () => enrolHere(store, link);
  }
}

function explain(words) {
  part("enrol-problem").textContent = words;
  part("enrol-problem").hidden = false;
  show("not-enrolled");
}

/** Opens the ready screen of an enrolled terminal. */
async function open(store, record) {
  part("place").textContent = record.place.name;
  part("partner").textContent = record.partner.name;
  whenEnrolled(SCENE, () => location.reload());
  await alone(record.terminal, () => show("elsewhere"));
  const parts = await openParts(record, language, (online) => heartbeat.tell(online ? "online" : "offline"));
  const { terminal, scanning } = parts;
  const heartbeat = new Heartbeat(parts);
  const screen = new VerdictScreen(part("verdict"), SCENE, () => show("ready"));
  const prescriptions = SCENE === "pharmacy" ? new Prescriptions(terminal) : null;
  const seen = { show: (verdict) => {
    show("verdict");
    screen.show(verdict);
    if (verdict.decision === "accepted" && !lock.closed) prescriptions?.open(verdict);
    else prescriptions?.close();
  } };
  const clinic = SCENE === "hospital" ? clinicForm((typed) => desk.takeTyped(typed)) : null;
  const desk = new Desk({ scanning, heartbeat, screen: seen, acts: new Acts(() => crypto.randomUUID()),
    circumstances: circumstancesHere(clinic, terminal), now: () => performance.now() / 1000,
    onBusy: (busy) => {
      part("busy-words").textContent = busy ? t("busy") : "";
    } });
  const camera = new CameraPanel((text) => desk.take(text));
  const serial = new SerialPanel((text) => desk.take(text, { digitsOnly: true }));
  const lock = new LockPanel(store, record);
  joinVolume();
  const settings = new SettingsPanel(lock);
  onWords.push(() => heartbeat.write(), () => settings.write(), () => camera.write(), () => serial.write(), () => lock.write(), writeVolume);
  onWords.forEach((write) => write());
  show("ready");
  joinKeyboard(desk, screen);
  joinTyping(desk);
  joinPicture(desk, seen);
  keepForOffline();
  askToPersist().then((kept) => settings.tellKept(kept));
  await Promise.all([heartbeat.start(), prepareReader(), camera.start(), serial.start()]);
}

function circumstancesHere(clinic, terminal) {
  const medicine = SCENE === "pharmacy" ? medicineForm() : null;
  const registration = medicine && registrationForm(medicine.chosen);
  const services = SCENE === "government" ? servicesForm() : null;
  const gate = SCENE === "scenic_spot" || SCENE === "venue" ? gateForm(SCENE === "scenic_spot") : null;
  if (medicine) offerChoices(terminal, (choices) => {
    medicine.offer(choices.classes);
    registration.offer(choices);
  });
  if (services) offerChoices(terminal, (choices) => services.offer(choices));
  return new Circumstances(part("document-checked"), medicine, [part("document-checked"), part("medicine"), part("clinic"), part("registration"), part("services"), part("gate")],
    clinic ?? registration ?? services ?? gate);
}

/** Asks for the choices of the policy in force, now and then: it may change at any time. */
async function offerChoices(terminal, offer, shown = "") {
  let now = shown;
  try {
    const choices = await terminal.choices();
    now = JSON.stringify(choices);
    // Staff may be choosing at this moment: what has not changed is left alone.
    if (now !== shown) offer(choices);
  } catch (error) {
    if (!error.code) throw error;
  }
  setTimeout(() => offerChoices(terminal, offer, now), CHOICES_EVERY_MS);
}

function joinKeyboard(desk, screen) {
  const wedge = new Wedge((digits) => desk.take(digits, { digitsOnly: true }));
  document.addEventListener("keydown", (event) => {
    if (takesText(event.target)) return;
    const shown = screen.shown;
    screen.dismiss();
    // The key that closes a verdict must not press a button below it.
    if (wedge.key(event) || shown) event.preventDefault();
  });
}

function joinTyping(desk) {
  part("typed").addEventListener("submit", (event) => {
    event.preventDefault();
    const code = part("typed-code").value.replace(/\s/g, "");
    part("typed-code").value = "";
    // Out of the field, so that a hand scanner is heard again.
    document.activeElement?.blur();
    if (code) desk.take(code, { digitsOnly: true });
  });
}

function joinPicture(desk, screen) {
  part("picture").addEventListener("change", async () => {
    const [file] = part("picture").files;
    if (!file) return;
    const text = await readQr(file);
    part("picture").value = "";
    if (text) desk.take(text);
    else screen.show({ ...localVerdict("undetermined", "malformed"), message: { zh: t("picture.nothing"), en: t("picture.nothing") } });
  });
}

async function start() {
  writeWords();
  part("language").addEventListener("click", () => {
    switchLanguage();
    writeWords();
  });
  if (!canHoldKeys()) return explain(t("enrol.no_keys"));
  const link = readLink(location.hash);
  // At once, so that the one-time code is in no history and on no screen.
  if (location.hash) history.replaceState(null, "", location.pathname);
  const store = await openTerminals();
  part("enrol-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const pasted = readLink(part("enrol-link").value.split("#")[1] ?? "");
    part("enrol-link").value = "";
    if (pasted) enrolHere(store, pasted);
    else explain(t("enrol.bad_link"));
  });
  if (link) return enrolHere(store, link);
  const known = await store.get("terminals", SCENE);
  return known ? open(store, known) : show("not-enrolled");
}

await start();
