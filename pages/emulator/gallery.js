// The gallery: every card of the product on every platform, side by side.

import { gallery } from "./api.js";
import { render as dingtalk } from "./dingtalk.js";
import { h } from "./dom.js";
import { render as feishu } from "./feishu.js";
import { render as wecom } from "./wecom.js";

const DRAW = { wecom, feishu, dingtalk };

// What a platform cannot show, and what is shown instead: both halves of "chart→picture".
const LOST = {
  bar: "进度条", button: "按钮", buttons: "按钮", chart: "图表", columns: "分栏", date: "日期选择", file: "文件",
  fold: "折叠", form: "表单", input: "输入框", long: "过长的内容", options: "多余的选项", people: "人员选择",
  person: "人员选择", picture: "图片", select: "下拉框", table: "表格", text: "文字",
};
const INSTEAD = {
  choice: "下拉选择", "first 100": "前 100 项", cut: "截断", lines: "文字行", link: "链接", menu: "菜单", message: "另一条消息", none: "不显示", picture: "图片",
  question: "提问", section: "直接展开", select: "下拉框", text: "文字", words: "文字",
};

const cards = document.getElementById("cards");
const count = document.getElementById("count");
const words = document.getElementById("words");
const platform = document.getElementById("platform");
const toasts = document.getElementById("toast");

function told(loss) {
  const [what, instead] = loss.split("→");
  return `${LOST[what] ?? what} → ${INSTEAD[instead] ?? instead}`;
}

function toast(text) {
  const note = h("p", {}, text);
  toasts.replaceChildren(note);
  setTimeout(() => note.remove(), 3000);
}

const context = {
  residents: [], nameOf: (id) => id ?? "", toast,
  press: () => toast("画廊里的按钮不会发送，请在三部手机上试"),
};

function bubble(data) {
  try {
    return DRAW[data.platform](data, context);
  } catch (fault) {
    console.error("cannot draw", data, fault);
    return h("p", { class: "said bad" }, "这条消息画不出来。");
  }
}

function column(data, name) {
  const losses = [...new Set(data.dropped)].map((loss) => h("li", { title: loss }, told(loss)));
  return h("section", { class: `hung ${data.bubbles[0]?.platform ?? ""}`, "data-column": data.name, "aria-label": `${name} · ${data.caption}` },
    h("h3", {}, data.caption, h("span", { class: "can" }, data.replaced ? "可原地更新" : "发新消息更新")),
    h("div", { class: "wall" }, data.bubbles.map((one) => h("div", { class: "row theirs", "data-kind": one.kind }, h("div", { class: "content" }, bubble(one))))),
    losses.length > 0 && h("ul", { class: "losses", "aria-label": "换成了别的" }, losses));
}

function exhibit(data) {
  const title = data.title.split("\n")[0];
  return h("article", { class: "exhibit", id: data.name, "data-words": `${data.name} ${data.title} ${data.audience}`.toLowerCase() },
    h("header", {}, h("h2", {}, h("a", { href: `#${data.name}` }, title)), h("p", {}, h("code", {}, data.name), ` · ${data.audience}`)),
    h("div", { class: "side-by-side" }, data.columns.map((one) => column(one, data.name))));
}

function sift() {
  const sought = words.value.trim().toLowerCase();
  let shown = 0;
  for (const one of cards.children) {
    one.hidden = !one.dataset.words.includes(sought);
    shown += one.hidden ? 0 : 1;
  }
  cards.dataset.only = platform.value;
  for (const one of cards.querySelectorAll(".hung")) one.hidden = platform.value !== "" && one.dataset.column !== platform.value;
  count.textContent = shown ? `${shown} 张卡片` : "没有符合的卡片";
}

document.getElementById("sieve").addEventListener("submit", (event) => event.preventDefault());
words.addEventListener("input", sift);
platform.addEventListener("change", sift);

try {
  const { exhibits } = await gallery();
  const captions = new Map(exhibits.flatMap((one) => one.columns).map((one) => [one.name, one.caption]));
  platform.append(...[...captions].map(([value, label]) => h("option", { value }, label)));
  cards.replaceChildren(...exhibits.map(exhibit));
  sift();
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
} catch (fault) {
  count.textContent = "没有生成";
  cards.replaceChildren(h("p", { class: "offline" }, `${fault.message}。请看服务器日志，然后刷新本页。`));
}
