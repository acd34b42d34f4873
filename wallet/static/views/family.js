/** Family codes: for whom the holder may show codes, who may show theirs, asking, consenting and ending. */

import { askForTie, consentToTie, endTie, listTies, sendTieMessage, TIE_KINDS } from "../../core/family.js";
import { h } from "../dom.js";
import { actionButton, checkbox, choice, field, form } from "../forms.js";
import { icon } from "../icons.js";
import { dayOf, pick, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { page, part } from "./page.js";
import { sure } from "./sure.js";

/** @param {object} app */
export function familyView(app) {
  const content = fetched({ testid: "family" }, async () => {
    const { dependants, guardians, closed, counts } = await listTies(app.call);
    await app.family.remember(dependants);
    app.upkeep.now();
    return [part(t("family.dependants"), h("p", { class: "hint", testid: "family-limits" },
      t("family.most_dependants", { count: counts.dependants, most: counts.mostDependants })),
    listOf(dependants.map(tieElement), t("family.no_dependants"))),
    h("a", { class: "button primary", href: "#family-ask", testid: "family-ask" }, icon("add"), t("family.ask")),
    part(t("family.guardians"), h("p", { class: "hint" }, t("family.most_guardians",
      { count: counts.guardians, most: counts.mostGuardians })),
      listOf(guardians.map(tieElement), t("family.no_guardians"))),
    closed.length > 0 && h("details", { class: "fold" }, h("summary", {}, t("family.closed")),
      listOf(closed.map(tieElement), ""))];
  });

  function tieElement(tie) {
    return h("article", { class: "row", testid: "tie", "data-state": tie.state, "data-side": tie.side },
      h("p", {}, icon("person"), h("strong", {}, tie.name), " ", h("span", { class: "hint" }, pick(tie.kind))),
      h("p", { class: "hint" }, pick(tie.stateTitle), tie.reason && `${t("colon")}${pick(tie.reason)}`,
        tie.until && ` · ${t("family.until", { time: dayOf(tie.until) })}`),
      tie.canShow && h("a", { class: "button primary", href: `#family-code/${encodeURIComponent(tie.id)}`,
        testid: "show-code" },
        icon("code"), t("family.show")),
      tie.canPrint && h("a", { class: "button small", href: `#paper/${encodeURIComponent(tie.id)}`,
        testid: "print-code" }, icon("paper"), t("family.print")),
      tie.canConsent && consentElement(tie),
      tie.open && sure(t(tie.active ? "family.end" : tie.side === "guardian" ? "family.take_back" : "family.refuse"),
        { testid: "end-tie", effect: t("family.end_effect", { name: tie.name }), yes: t("family.end_yes") },
          async () => {
            await endTie(app.call, tie.id);
            await app.family.forget(tie.id);
            await content.load();
          }));
  }

  function consentElement(tie) {
    const element = h("div", {}, h("p", {}, t("family.consent_why", { name: tie.name })),
      actionButton(t("family.consent_send"), { class: "primary", testid: "consent-send" }, async () => {
        const { challenge } = await sendTieMessage(app.call, tie.id);
        element.replaceChildren(form({ testid: "consent-form" }, async ({ password, shares }) => {
          await consentToTie(app.call, tie.id, { challenge, password, sharesRecords: shares === "on" });
          await content.load();
        }, field(t("sign_in.password"), { name: "password", inputmode: "numeric", autocomplete: "one-time-code",
          maxlength: 6, testid: "consent-password" },
          t("family.consent_hint")),
        checkbox(t("family.shares_records"), { name: "shares", testid: "shares-records" }),
        h("button", { class: "primary", testid: "consent-yes" }, t("family.consent_yes"))));
        element.querySelector("input").focus();
      }));
    return element;
  }

  return { element: page(t("menu.family"), {}, h("p", { class: "hint" }, t("family.why")), content.element) };
}

/** Asking to act for somebody, with the proof that the kind needs. @param {object} app */
export function familyAskView(app) {
  const certificate = field(t("family.certificate"), { name: "certificate", autocomplete: "off", maxlength: 100,
    required: false, testid: "certificate" },
    t("family.certificate_hint"));
  const proof = h("p", { class: "hint", role: "status" }, t("family.proof.parent"));
  const kinds = choice(t("family.kind"), { name: "kind", testid: "tie-kind", onchange: ({ target }) => {
    certificate.hidden = target.value !== "parent";
    proof.textContent = t(`family.proof.${target.value}`);
  } }, TIE_KINDS.map((kind) => [kind, t(`family.kind.${kind}`)]));
  return { element: page(t("family.ask"), { back: "family", narrow: true },
    h("p", { class: "hint" }, t("family.ask_why")),
    form({ testid: "tie-form", autocomplete: "off" }, async ({ kind, name, id_number: idNumber,
      certificate: number }) => {
        await askForTie(app.call, { kind, name, idNumber, certificate: number });
        app.shell.go("family");
      }, kinds, proof, field(t("family.name"), { name: "name", autocomplete: "off", maxlength: 50,
        testid: "tie-name" }),
    field(t("real_name.id_number"), { name: "id_number", autocomplete: "off", maxlength: 18,
      autocapitalize: "characters", spellcheck: "false", testid: "tie-id-number" },
      t("real_name.hint")),
    certificate, h("button", { class: "primary", testid: "tie-send" }, t("family.send")))) };
}
