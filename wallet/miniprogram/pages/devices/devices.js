/** Devices and loss: who this is, which phones can show the code, where it is signed in, freezing, signing out. */

import { endOtherSessions, endSession, listSessions } from "../../core/sessions.js";
import { screen } from "../../screen.js";
import { dayAndTime, t } from "../../words.js";

Page(screen({
  title: "menu.devices",
  data: { devices: [], sessions: [], name: "", idNumber: "", phone: "" },

  tell() {
    const { account: { me }, device } = this.wallet;
    this.setData({
      name: me.person?.name ?? "", idNumber: me.person?.id_number ?? "", phone: me.phone,
      devices: me.devices.map(({ id, name, enrolled_at: at }) => ({ id, name, here: id === device.id, since: t("me.since", { time: dayAndTime(at) }) })),
    });
  },

  async load() {
    // Another phone may have come since this one signed in.
    await this.wallet.account.fetchMe();
    this.refresh();
    const sessions = await listSessions(this.wallet.call);
    this.setData({ sessions: sessions.map(({ id, current, device, started_at: started, seen_at: seen }) => ({ id, current,
      device: device ?? t("sessions.no_device"),
      when: `${t("sessions.since", { time: dayAndTime(started) })} · ${t("sessions.seen", { time: dayAndTime(seen) })}` })) });
  },

  askFreeze() {
    this.sure({ title: t("confirm.freeze.title"), effect: t("confirm.freeze.effect"), yes: t("confirm.freeze.yes") }, async () => {
      await this.wallet.freeze();
      wx.reLaunch({ url: "/pages/code/code" });
    });
  },

  askRemoval({ currentTarget: { dataset: { id, name } } }) {
    this.sure({ title: t("confirm.device.title", { name }), effect: t("confirm.device.effect"), yes: t("confirm.device.yes") }, async () => {
      const here = id === this.wallet.device.id;
      await this.wallet.removeDevice(id);
      if (here) wx.reLaunch({ url: "/pages/code/code" });
      else await this.load();
    });
  },

  end({ currentTarget: { dataset: { id } } }) {
    return this.change(() => endSession(this.wallet.call, id));
  },

  endOthers() {
    return this.change(() => endOtherSessions(this.wallet.call));
  },

  signOut() {
    return this.attempt(() => getApp().signOut());
  },
}));
