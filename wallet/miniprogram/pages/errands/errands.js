/** Errands: forms that halls ask for, visits, prescriptions, purchases of medicines with limits. */

import { closeApplication, GRADES, listErrands, reviewVisit } from "../../core/errands.js";
import { screen } from "../../screen.js";
import { dayAndTime, dayOf, pick, t } from "../../words.js";

Page(screen({
  title: "menu.errands",
  data: { applications: [], visits: [], prescriptions: [], purchases: [], reviewed: null, grades: [], grade: GRADES[0] },

  async load() {
    const { applications, visits, prescriptions, purchases } = await listErrands(this.wallet.call);
    this.setData({
      applications: applications.map(applicationOf), visits: visits.map(visitOf), prescriptions: prescriptions.map(prescriptionOf),
      purchases: purchases.map(purchaseOf), grades: GRADES.map((value) => ({ value, title: t(`errands.grade.${value}`) })),
    });
  },

  askWithdrawal({ currentTarget: { dataset: { id } } }) {
    this.sure({ title: t("record_consents.withdraw"), effect: t("errands.withdraw_effect"), yes: t("record_consents.withdraw_yes") }, async () => {
      await closeApplication(this.wallet.call, id, "withdrawn");
      await this.load();
    });
  },

  review({ currentTarget: { dataset: { id } } }) {
    this.setData({ reviewed: this.data.visits.find((visit) => visit.id === id), problem: "" });
    wx.pageScrollTo({ scrollTop: 0, duration: 0 });
  },

  send() {
    return this.change(async () => {
      await reviewVisit(this.wallet.call, this.data.reviewed.id, Number(this.data.grade));
      this.leave();
    });
  },

  leave() {
    this.setData({ reviewed: null, problem: "" });
  },
}));

function applicationOf({ application, hall, title, purpose, state, waits, withdrawable }) {
  return { id: application, query: `application=${encodeURIComponent(application)}`, title: `${pick(title)} · ${hall}`, waits, withdrawable,
    state: `${pick(purpose)} · ${t(`errands.application.${state}`)}` };
}

function visitOf({ visit, number, hall, state_title: state, window, before, grade, reviewable }) {
  return { id: visit, title: `${number} · ${hall}`, reviewable, graded: grade === null ? "" : t("errands.graded", { grade }),
    state: [pick(state), window && t("errands.window", { window }), before !== null && t("errands.before", { count: before })].filter(Boolean).join(" · ") };
}

function prescriptionOf({ state, issued, expires, items }, key) {
  return { key, state: t(`errands.prescription.${state}`), term: t("errands.from_until", { from: dayOf(issued), until: dayOf(expires) }),
    items: items.map(({ name, quantity, dispensed }) => t("errands.dispensed", { name, quantity, dispensed })) };
}

function purchaseOf({ at, place, title, packages, reversed }, key) {
  return { key, title: `${pick(title)} · ${t("errands.packages", { packages })}`,
    where: [place, dayAndTime(at), reversed && t("errands.reversed")].filter(Boolean).join(" · ") };
}
