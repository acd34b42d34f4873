/** Family codes: for whom the holder may show codes, who may show theirs, asking, consenting and ending. */

import { askForTie, consentToTie, endTie, listTies, sendTieMessage, TIE_KINDS } from "../../core/family.js";
import { screen } from "../../screen.js";
import { dayOf, pick, t } from "../../words.js";

/** What lies over the list: one of three questions, or none. */
const CLOSED = { asking: false, ending: null, challenge: "" };

Page(screen({
  title: "menu.family",
  data: { loading: true, sides: [], kinds: [], kind: TIE_KINDS[0], proof: "", shares: false, ...CLOSED },

  open() {
    this.setData({ kinds: TIE_KINDS.map((name) => ({ name, title: t(`family.kind.${name}`) })), proof: t(`family.proof.${this.data.kind}`) });
    return this.attempt(() => this.load());
  },

  async load() {
    const { call, family, upkeep } = this.wallet;
    const { dependants, guardians, counts } = await listTies(call);
    await family.remember(dependants);
    upkeep.now();
    this.setData({ loading: false, sides: [
      { name: "dependants", title: t("family.dependants"), none: t("family.no_dependants"), ties: dependants.map(rowOf),
        limit: t("family.most_dependants", { count: counts.dependants, most: counts.mostDependants }) },
      { name: "guardians", title: t("family.guardians"), none: t("family.no_guardians"), ties: guardians.map(rowOf),
        limit: t("family.most_guardians", { count: counts.guardians, most: counts.mostGuardians }) },
    ] });
  },

  show({ currentTarget }) {
    wx.navigateTo({ url: `/pages/family_code/family_code?tie=${encodeURIComponent(currentTarget.dataset.id)}` });
  },

  ask() {
    this.typed = {};
    this.setData({ asking: true, problem: "" });
  },

  choose({ currentTarget: { dataset: { kind } } }) {
    this.setData({ kind, proof: t(`family.proof.${kind}`) });
  },

  send() {
    return this.attempt(async () => {
      const { name = "", id_number: idNumber = "", certificate = "" } = this.typed;
      await askForTie(this.wallet.call, { kind: this.data.kind, name, idNumber, certificate });
      this.leave();
      await this.load();
    });
  },

  askEnd({ currentTarget: { dataset: { id, name, end } } }) {
    this.tie = id;
    this.setData({ problem: "", ending: { title: end, effect: t("family.end_effect", { name }) } });
  },

  end() {
    return this.attempt(async () => {
      await endTie(this.wallet.call, this.tie);
      await this.wallet.family.forget(this.tie);
      this.leave();
      await this.load();
    });
  },

  askPassword({ currentTarget }) {
    return this.attempt(async () => {
      this.tie = currentTarget.dataset.id;
      this.typed = {};
      const { challenge } = await sendTieMessage(this.wallet.call, this.tie);
      this.setData({ challenge, shares: false });
    });
  },

  flipSharing() {
    this.setData({ shares: !this.data.shares });
  },

  consent() {
    return this.attempt(async () => {
      const { challenge, shares } = this.data;
      await consentToTie(this.wallet.call, this.tie, { challenge, password: this.typed.password ?? "", sharesRecords: shares });
      this.leave();
      await this.load();
    });
  },

  leave() {
    this.setData({ ...CLOSED, problem: "" });
  },
}));

function rowOf({ id, name, kind, stateTitle, reason, until, canShow, canConsent, active, side }) {
  const state = [pick(stateTitle), reason && pick(reason), until && t("family.until", { time: dayOf(until) })].filter(Boolean).join(" · ");
  return { id, name, kind: pick(kind), state, canShow, canConsent, consentWhy: t("family.consent_why", { name }),
    end: t(active ? "family.end" : side === "guardian" ? "family.take_back" : "family.refuse") };
}
