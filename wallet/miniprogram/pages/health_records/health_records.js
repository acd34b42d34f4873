/** Health records: consents to hospitals with parts, purpose and time; their questions; who has looked. */

import { answerRecordQuestion, CONSENT_DAYS, giveRecordConsent, listHealthAccesses, listRecordConsents, listRecordQuestions, recordChoices,
  stateOf, USUAL_DAYS, withdrawRecordConsent } from "../../core/record_consents.js";
import { screen } from "../../screen.js";
import { dayAndTime, healthPart, pick, t } from "../../words.js";

Page(screen({
  title: "menu.health-records",
  data: { questions: [], consents: [], looks: [], giving: false, institutions: [], institution: "", scopes: [], purposes: [], purpose: "",
    lengths: [], days: USUAL_DAYS },

  async load() {
    const { call } = this.wallet;
    const [questions, consents, choices, looks] = await Promise.all([listRecordQuestions(call), listRecordConsents(call), recordChoices(call),
      listHealthAccesses(call)]);
    this.setData({
      questions: questions.map((question) => ({ ...termsOf(question), term: [t("record_consents.for_days", { days: question.days }),
        t("record_consents.answer_by", { time: dayAndTime(question.expires) })].join(" · ") })),
      consents: consents.map((consent) => ({ ...termsOf(consent), active: consent.active, state: t(`record_consents.${stateOf(consent)}`),
        until: t("record_consents.until", { time: dayAndTime(consent.ends) }) })),
      looks: looks.map(lookOf),
      ...this.offered(choices),
    });
  },

  /** What can be chosen from; what was chosen stays. */
  offered({ institutions, scopes, purposes }) {
    const chosen = new Set(this.data.scopes.filter((scope) => scope.chosen).map(({ code }) => code));
    return {
      institutions: institutions.map(({ id, name }) => ({ value: id, title: name })),
      institution: this.data.institution || institutions[0]?.id || "",
      scopes: scopes.map(({ code, title }) => ({ code, title: pick(title), chosen: chosen.has(code) })),
      purposes: purposes.map(({ code, title }) => ({ value: code, title: pick(title) })),
      purpose: this.data.purpose || purposes[0]?.code || "",
      lengths: CONSENT_DAYS.map((days) => ({ value: days, title: t("days", { days }) })),
    };
  },

  answerYes({ currentTarget: { dataset: { id } } }) {
    return this.change(() => answerRecordQuestion(this.wallet.call, id, true));
  },

  answerNo({ currentTarget: { dataset: { id } } }) {
    return this.change(() => answerRecordQuestion(this.wallet.call, id, false));
  },

  askWithdrawal({ currentTarget: { dataset: { id } } }) {
    this.sure({ title: t("record_consents.withdraw"), effect: t("record_consents.withdraw_effect"), yes: t("record_consents.withdraw_yes") },
      async () => {
        await withdrawRecordConsent(this.wallet.call, id);
        await this.load();
      });
  },

  begin() {
    this.setData({ giving: true, problem: "" });
    wx.pageScrollTo({ scrollTop: 0, duration: 0 });
  },

  flip({ currentTarget: { dataset: { code } } }) {
    const at = this.data.scopes.findIndex((scope) => scope.code === code);
    this.setData({ [`scopes[${at}].chosen`]: !this.data.scopes[at].chosen });
  },

  give() {
    return this.change(async () => {
      const { institution, purpose, days } = this.data;
      const scopes = this.data.scopes.filter((scope) => scope.chosen).map(({ code }) => code);
      await giveRecordConsent(this.wallet.call, { institution, scopes, purpose, days: Number(days) }, this.wallet.trueNow());
      this.leave();
    });
  },

  leave() {
    this.setData({ giving: false, problem: "" });
  },
}));

function termsOf({ id, institution, scopes, purpose }) {
  return { id, institution, parts: scopes.map(({ title }) => pick(title)).join(t("comma")),
    purpose: t("record_consents.purpose") + t("colon") + pick(purpose.title) };
}

function lookOf({ institution, operator, at, purpose, allowed }, key) {
  return { key, who: `${institution} · ${operator}`, when: `${dayAndTime(at)} · ${healthPart(purpose)}`,
    saw: t("accesses.allowed") + t("colon") + (allowed.map(healthPart).join(t("comma")) || t("accesses.refused")) };
}
