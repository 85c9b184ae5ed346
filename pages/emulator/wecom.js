// WeCom messages: text, markdown, picture, and the five template cards.

import { inner, leaflet, said, shown, unknown } from "./content.js";
import { h, link, openable, picture } from "./dom.js";
import { dropDown, labelled, Scope, ticks } from "./fields.js";
import { markdown } from "./markdown.js";

export function render(bubble, ctx) {
  const body = inner(bubble);
  switch (bubble.kind) {
    case "recalled": return h("p", { class: "gone" }, "消息已撤回");
    case "file": return said(`📎 ${body.name || "文件"}`);
    case "voice": return said("▶ 语音");
    case "text": return said(String(body.content ?? body.text ?? ""));
    case "markdown": return h("div", { class: "said wc-md" }, markdown(body.content ?? body.text, { basic: true }));
    case "image": return shown(bubble.body.media ?? body.media_id);
    case "textcard": return leaflet({ title: body.title, text: body.description?.replace(/<[^>]+>/g, ""), url: body.url, label: body.btntxt });
    case "news": return h("div", {}, (body.articles ?? []).map((item) =>
      leaflet({ title: item.title, text: item.description, url: item.url, image: item.picurl })));
    case "template_card": return card(body, bubble, ctx);
    default: return unknown(bubble);
  }
}

function card(data, bubble, ctx) {
  const scope = new Scope();
  const press = (key) => (event) => ctx.press({ key }, scope.values(), event.currentTarget);
  const caption = bubble.greyed || data.replace_text || data.button_selection?.replace_text || "";
  const body = [
    top(data, press), titles(data), quote(data.quote_area),
    data.sub_title_text && h("p", { class: "sub" }, data.sub_title_text),
    data.card_image?.url && h("div", { class: "wc-image" }, picture(data.card_image.url, data.main_title?.title)),
    imageText(data.image_text_area),
    (data.vertical_content_list ?? []).map((item) => h("div", { class: "wc-vertical" }, h("h4", {}, item.title), item.desc && h("p", {}, item.desc))),
    pairs(data.horizontal_content_list),
    inputs(data, scope, Boolean(caption)),
  ];
  return h("article", { class: `card wc ${data.card_type ?? ""}` },
    h("div", { class: "card-body" }, body), jumps(data), caption ? h("p", { class: "greyed" }, caption) : buttons(data, press));
}

function top({ source, action_menu: menu }, press) {
  if (!source?.desc && !menu) return null;
  return h("div", { class: "wc-source", "data-colour": source?.desc_color ?? 0 },
    source?.icon_url && openable(source.icon_url).startsWith(location.origin) && h("img", { src: source.icon_url, alt: "" }),
    h("span", {}, source?.desc ?? ""),
    menu && h("details", { class: "wc-menu" }, h("summary", { "aria-label": menu.desc || "更多" }, "⋯"),
      h("div", {}, (menu.action_list ?? []).map((item) => h("button", { type: "button", onclick: press(item.key) }, item.text)))));
}

function titles({ main_title: title, emphasis_content: big }) {
  return [
    title?.title && h("h3", {}, title.title),
    title?.desc && h("p", { class: "desc" }, title.desc),
    big && h("div", { class: "wc-big" }, h("strong", {}, big.title), big.desc && h("span", {}, big.desc)),
  ];
}

function quote(area) {
  if (!area || (!area.title && !area.quote_text)) return null;
  return h("blockquote", { class: "wc-quote" }, area.title && h("b", {}, area.type === 1 ? link(area.url, area.title) : area.title),
    area.quote_text && h("p", {}, area.quote_text));
}

function imageText(area) {
  return area && h("div", { class: "wc-image-text" }, picture(area.image_url, area.title || "图片"),
    h("div", {}, h("h4", {}, area.type === 1 ? link(area.url, area.title) : area.title ?? ""), h("p", {}, area.desc ?? "")));
}

function pairs(list) {
  return list?.length > 0 && h("dl", { class: "pairs" }, list.map((item) => h("div", {},
    h("dt", {}, item.keyname), h("dd", {}, item.type === 1 ? link(item.url, item.value || item.url) : item.value ?? item.userid ?? ""))));
}

const choices = (list) => (list ?? []).map((item) => ({ value: item.id, label: item.text, chosen: Boolean(item.is_checked) }));

function inputs(data, scope, frozen) {
  const selects = [data.button_selection, ...(data.select_list ?? [])].filter(Boolean).map((item) => {
    const control = dropDown(choices(item.option_list), {
      chosen: item.selected_id || item.option_list?.[0]?.id, disabled: frozen || item.disable, label: item.title || "请选择",
    });
    scope.add(item.question_key, () => control.value);
    return labelled(item.title, control);
  });
  const box = data.checkbox;
  if (!box) return selects;
  const group = ticks(choices(box.option_list), { several: box.mode === 1, disabled: frozen || box.disable, label: box.title });
  scope.add(box.question_key, group.read);
  return [selects, group.node];
}

function jumps(data) {
  const list = (data.jump_list ?? []).map((item) => (item.type === 1 ? link(item.url, item.title) : h("span", { class: "link" }, item.title)));
  if (!list.length && data.card_action?.type === 1 && !data.button_list) list.push(link(data.card_action.url, "查看详情"));
  return list.length > 0 && h("div", { class: "more" }, list);
}

function buttons(data, press) {
  const list = (data.button_list ?? []).map((item) => (item.type === 1
    ? link(item.url, item.text, `btn s${item.style ?? 1}`)
    : h("button", { type: "button", class: `btn s${item.style ?? 1}`, "data-key": item.key, onclick: press(item.key) }, item.text)));
  const submit = data.submit_button;
  if (submit) list.push(h("button", { type: "button", class: "btn s1", "data-key": submit.key, onclick: press(submit.key) }, submit.text || "提交"));
  return list.length > 0 && h("div", { class: `buttons n${Math.min(list.length, 3)}` }, list);
}
