/** Health records: consents to hospitals with parts, purpose and time; their questions; who has looked. */

import { answerRecordQuestion, CONSENT_DAYS, giveRecordConsent, listHealthAccesses, listRecordConsents,
  listRecordQuestions, recordChoices, stateOf, USUAL_DAYS, withdrawRecordConsent } from "../../core/record_consents.js";
import { h } from "../dom.js";
import { actionButton, checkbox, choice, form } from "../forms.js";
import { dayAndTime, healthPart, pick, t } from "../language.js";
import { fetched, listOf } from "./fetched.js";
import { page, part } from "./page.js";
import { sure } from "./sure.js";

/** @param {object} app */
export function healthRecordsView(app) {
  const content = fetched({ testid: "health-records" }, async () => {
    const [questions, consents, choices] = await Promise.all([listRecordQuestions(app.call),
      listRecordConsents(app.call), recordChoices(app.call)]);
    return [questions.length > 0 && part(t("record_consents.questions"), listOf(questions.map(questionElement), "")),
      part(t("record_consents.title"), listOf(consents.map(consentElement), t("record_consents.none"))),
        giveForm(choices)];
  });
  const looks = fetched({ testid: "health-accesses" },
    async () => listOf((await listHealthAccesses(app.call)).map(lookElement), t("accesses.none")));

  function questionElement(question) {
    return h("article", { class: "row", testid: "record-question" }, h("p", {}, h("strong", {}, question.institution)),
      terms(question),
      h("p", { class: "hint" }, t("record_consents.for_days", { days: question.days }), " · ",
        t("record_consents.answer_by", { time: dayAndTime(question.expires) })),
      actionButton(t("record_consents.yes"), { class: "primary", testid: "question-yes" },
        () => answer(question, true)),
      actionButton(t("record_consents.no"), { class: "plain", testid: "question-no" }, () => answer(question, false)));
  }

  async function answer({ id }, given) {
    await answerRecordQuestion(app.call, id, given);
    await content.load();
  }

  function consentElement(consent) {
    return h("article", { class: "row", testid: "record-consent", "data-active": consent.active ? "1" : "0" },
      h("p", {}, h("strong", {}, consent.institution), " ",
        h("span", { class: "hint" }, t(`record_consents.${stateOf(consent)}`))), terms(consent),
      h("p", { class: "hint" }, t("record_consents.until", { time: dayAndTime(consent.ends) })),
      consent.active && sure(t("record_consents.withdraw"), { testid: "withdraw",
        effect: t("record_consents.withdraw_effect"), yes: t("record_consents.withdraw_yes") },
        async () => {
          await withdrawRecordConsent(app.call, consent.id);
          await content.load();
        }));
  }

  function giveForm({ institutions, scopes, purposes }) {
    return h("details", { class: "fold" }, h("summary", { testid: "give-open" }, t("record_consents.give")),
      form({ testid: "give-form" }, async (values) => {
        const chosen = scopes.map(({ code }) => code).filter((code) => values[`scope-${code}`] === "on");
        await giveRecordConsent(app.call, { institution: values.institution, scopes: chosen, purpose: values.purpose,
          days: Number(values.days) }, app.trueNow());
        await content.load();
      }, choice(t("record_consents.institution"), { name: "institution", testid: "institution" },
        institutions.map(({ id, name }) => [id, name])),
      h("fieldset", {}, h("legend", {}, t("record_consents.scopes")),
        scopes.map(({ code, title }) => checkbox(pick(title), { name: `scope-${code}`, testid: `scope-${code}` }))),
      choice(t("record_consents.purpose"), { name: "purpose", testid: "purpose" },
        purposes.map(({ code, title }) => [code, pick(title)])),
      choice(t("copies.days"), { name: "days", testid: "days" }, CONSENT_DAYS.map((days) => [days, t("days", { days })]),
        USUAL_DAYS),
      h("button", { class: "primary", testid: "give" }, t("record_consents.give"))));
  }

  return { element: page(t("menu.health-records"), { back: "privacy" },
    h("p", { class: "hint" }, t("record_consents.why")), content.element,
    part(t("accesses.title"), h("p", { class: "hint" }, t("accesses.why")), looks.element)) };
}

function terms({ scopes, purpose }) {
  return h("div", {}, h("ul", { class: "attributes" }, scopes.map(({ title }) => h("li", {}, pick(title)))),
    h("p", { class: "hint" }, t("record_consents.purpose"), t("colon"), pick(purpose.title)));
}

function lookElement(look) {
  const words = look.allowed.length === 0 ? t("accesses.refused") : look.allowed.map(healthPart).join(t("comma"));
  return h("article", { class: "row", testid: "health-access" },
    h("p", {}, h("strong", {}, look.institution), " · ", look.operator),
    h("p", { class: "hint" }, dayAndTime(look.at), " · ", healthPart(look.purpose)),
      h("p", {}, t("accesses.allowed"), t("colon"), words));
}
