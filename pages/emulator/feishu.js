// Feishu messages: text, post, picture, and card JSON 2.0.

import { chart } from "./chart.js";
import { inner, said, shown, unknown } from "./content.js";
import { h, link, picture, words } from "./dom.js";
import { button, input } from "./feishu_inputs.js";
import { Scope } from "./fields.js";
import { table } from "./feishu_table.js";
import { markdown } from "./markdown.js";

export function render(bubble, ctx) {
  if (bubble.greyed) return h("p", { class: "gone" }, bubble.greyed); // recalled
  const body = parsed(inner(bubble));
  switch (bubble.kind) {
    case "text": return said(String(body.text ?? body.content ?? ""), ctx.nameOf);
    case "post": return post(body, ctx);
    case "image": return shown(bubble.body.media ?? body.image_key);
    case "file": return said(`📎 ${body.file_name || body.name || "文件"}`);
    case "audio": return said(`▶ 语音 ${Math.round((body.duration ?? 0) / 1000) || ""}″`);
    case "interactive": return card(body, ctx);
    default: return unknown(bubble);
  }
}

/** The API takes a message's content as JSON text. */
function parsed(body) {
  if (typeof body.content !== "string") return body.card ?? body;
  try {
    return { ...body, ...JSON.parse(body.content) };
  } catch {
    return body;
  }
}

function post(body, ctx) {
  const text = body.zh_cn ?? body.post?.zh_cn ?? body;
  const piece = (item) => ({
    text: () => words(item.text), a: () => link(item.href, item.text), md: () => markdown(item.text, ctx),
    at: () => h("span", { class: "mention" }, `@${item.user_name ?? ctx.nameOf(item.user_id)}`), img: () => picture(item.image_key),
  }[item.tag]?.() ?? "");
  return h("div", { class: "said" }, text.title && h("strong", {}, text.title),
    (text.content ?? []).map((line) => h("div", {}, line.map(piece))));
}

function card(data, ctx) {
  const elements = data.body?.elements ?? data.elements ?? [];
  return h("article", { class: "card fs" }, header(data.header),
    h("div", { class: "card-body" }, elements.map((item) => element(item, ctx, new Scope()))),
    data.card_link?.url && h("div", { class: "more" }, link(data.card_link.url, "查看详情")));
}

function header(data) {
  if (!data) return null;
  return h("header", { class: "fs-header", "data-ink": data.template || "default" },
    h("h3", {}, words(data.title)), data.subtitle && h("p", {}, words(data.subtitle)),
    data.text_tag_list?.length > 0 && h("div", { class: "tags" }, data.text_tag_list.map((tag) =>
      h("span", { class: "pill", "data-ink": tag.color || "neutral" }, words(tag.text)))));
}

/** A text object: plain_text stays words, lark_md is markdown. */
function text(item, ctx) {
  if (item?.tag === "lark_md" || item?.tag === "markdown") return markdown(item.content, ctx);
  return h("p", { class: "plain", "data-size": item?.text_size, "data-ink": item?.text_color?.replace(/-\d+$/, "") }, words(item));
}

const all = (items, ctx, scope) => (items ?? []).map((item) => element(item, ctx, scope));

const ELEMENTS = {
  markdown: (item, ctx) => {
    const node = markdown(item.content, ctx);
    node.dataset.size = item.text_size ?? "normal";
    if (item.text_align) node.style.textAlign = item.text_align;
    return node;
  },
  plain_text: text,
  lark_md: text,
  div: (item, ctx) => h("div", { class: "fs-div" }, item.text && text(item.text, ctx),
    item.fields?.length > 0 && h("div", { class: "fs-fields" }, item.fields.map((field) =>
      h("div", { class: field.is_short ? "short" : "" }, text(field.text, ctx))))),
  hr: () => h("hr"),
  img: (item) => h("div", { class: "fs-img" }, picture(item.img_key, words(item.alt) || "图片")),
  img_combination: (item) => h("div", { class: "fs-combined" }, (item.img_list ?? []).map((one) => picture(one.img_key))),
  person: (item, ctx) => h("span", { class: "mention" }, ctx.nameOf(item.user_id)),
  person_list: (item, ctx) => h("p", {}, (item.persons ?? []).map((one) => h("span", { class: "mention" }, ctx.nameOf(one.id), " "))),
  table,
  chart,
  column_set: (item, ctx, scope) => h("div", { class: `fs-columns ${item.flex_mode ?? "none"}`, "data-back": item.background_style },
    (item.columns ?? []).map((column) => h("div", {
      class: "fs-column", "data-back": column.background_style,
      css: /px$/.test(column.width ?? "") ? { flex: `0 0 ${column.width}` } : column.width === "auto" ? { flex: "0 1 auto" } : { flex: `${column.weight ?? 1} 1 0` },
    }, all(column.elements, ctx, scope)))),
  column: (item, ctx, scope) => h("div", {}, all(item.elements, ctx, scope)),
  form: (item, ctx) => {
    const scope = new Scope();
    return h("form", { class: "fs-form", "aria-label": item.name, onsubmit: (event) => event.preventDefault() }, all(item.elements, ctx, scope));
  },
  interactive_container: (item, ctx, scope) => {
    const open = item.behaviors?.find((one) => one.type === "open_url");
    return h("div", { class: `fs-container ${item.has_border ? "bordered" : ""}`, "data-back": item.background_style },
      all(item.elements, ctx, scope), open ? link(open.default_url, "打开 ›") : button({ ...item, text: { content: "选择" }, size: "tiny" }, ctx, scope));
  },
  collapsible_panel: (item, ctx, scope) => h("details", { class: "fs-panel", open: Boolean(item.expanded) },
    h("summary", {}, text(item.header?.title, ctx)), h("div", {}, all(item.elements, ctx, scope))),
  note: (item, ctx) => h("div", { class: "hint" }, all(item.elements, ctx, new Scope())),
  action: (item, ctx, scope) => h("div", { class: "fs-columns flow" }, all(item.actions, ctx, scope)),
  button,
};

function element(item, ctx, scope) {
  const draw = ELEMENTS[item.tag] ?? input;
  return draw(item, ctx, scope) ?? h("p", { class: "hint" }, `〔${words(item.tag)}〕`);
}
