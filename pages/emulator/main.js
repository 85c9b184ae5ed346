// The page: three phones, the clock and the wire.

import { follow, post } from "./api.js";
import { render as dingtalk } from "./dingtalk.js";
import { h } from "./dom.js";
import { render as feishu } from "./feishu.js";
import { Phone } from "./phone.js";
import { full } from "./time.js";
import { render as wecom } from "./wecom.js";
import { Wire } from "./wire.js";

const LINKS = { console: "管理后台", h5: "移动工作台", docs: "接口文档", gallery: "卡片画廊" };

const PHONES = [
  {
    platform: "wecom", name: "企业微信", role: "销售代表", mark: "企", prefer: /代表|销售$/, render: wecom,
    chips: ["帮助", "新线索 华东医疗 王主任 13800001234 预算80万 想替换现有供应商", "跟进 华东医疗 电话沟通，下周三演示", "动能 华东医疗"],
  },
  { platform: "feishu", name: "飞书", role: "销售经理", mark: "飞", prefer: /经理/, render: feishu, chips: ["帮助", "动能 团队"] },
  { platform: "dingtalk", name: "钉钉", role: "门店", mark: "钉", prefer: /店长/, render: dingtalk, chips: ["帮助", "排班", "我的班"] },
];

const desk = { residents: [], bubbles: new Map() };
const wire = new Wire();
const phones = PHONES.map((make) => new Phone(make, desk, { onUnread: () => tabs() }));
const stage = document.getElementById("phones");
const offline = document.getElementById("offline");
const said = document.getElementById("said");
const nowBox = document.getElementById("now");

stage.append(...phones.map((phone) => phone.root), wire.root);

// The emulated clock runs as fast as this one, at a distance.
let ahead = 0;
function tick() {
  const now = new Date(Date.now() + ahead);
  if (nowBox.textContent === full(now)) return;
  nowBox.textContent = full(now);
  nowBox.dateTime = now.toISOString();
  phones.forEach((phone) => phone.tell(now));
}
function setClock(now) {
  ahead = new Date(now) - Date.now();
  tick();
}
setInterval(tick, 1000);

for (const button of document.querySelectorAll("[data-hours]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      setClock((await post("time", { hours: Number(button.dataset.hours) })).now);
      said.textContent = `时间到了 ${nowBox.textContent}`;
    } catch (fault) {
      phones.forEach((phone) => phone.toast(fault.message, true));
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });
}

const tabList = [...phones.map(({ platform, name }) => [platform, name]), ["wire", "报文"]].map(([tab, name]) => {
  const badge = h("span", { class: "badge", hidden: true });
  const button = h("button", { type: "button", "data-tab": tab, onclick: () => show(tab) }, name, badge);
  return { tab, button, badge };
});
document.getElementById("tabs").append(...tabList.map(({ button }) => button));

function show(tab) {
  document.body.dataset.tab = tab;
  phones.find((phone) => phone.platform === tab)?.look();
  tabs();
}

function tabs() {
  for (const { tab, button, badge } of tabList) {
    button.setAttribute("aria-current", String(document.body.dataset.tab === tab));
    const count = phones.find((phone) => phone.platform === tab)?.unread ?? 0;
    badge.hidden = count === 0;
    badge.textContent = count > 99 ? "99+" : String(count);
    badge.setAttribute("aria-label", `${count} 条未读`);
  }
}

function links(given) {
  document.getElementById("links").replaceChildren(...Object.entries(given).filter(([name]) => LINKS[name]).map(([name, url]) =>
    h("a", { href: url, target: "_blank", rel: "noopener", class: name }, LINKS[name])));
}

follow({
  replace(state) {
    desk.residents = state.residents;
    desk.bubbles = new Map(state.bubbles.map((bubble) => [bubble.id, bubble]));
    setClock(state.now);
    links(state.links);
    phones.forEach((phone) => phone.reset());
    wire.reset(state.exchanges);
  },
  apply(kind, data) {
    if (kind === "time") setClock(data.now);
    else if (kind === "exchange") wire.add(data);
    else if (kind === "bubble") {
      const known = desk.bubbles.get(data.id);
      if (known && known.version > data.version) return;
      desk.bubbles.set(data.id, data);
      phones.find((phone) => phone.platform === data.platform)?.bubble(data, !known);
    }
  },
  online(yes) {
    offline.hidden = yes;
  },
});
