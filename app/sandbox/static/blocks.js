// Block Kit as DOM nodes. Nothing here ever parses HTML: all text arrives as text.

const EMOJI = {
  white_check_mark: "✅", x: "❌", warning: "⚠️", rotating_light: "🚨", lock: "🔒", unlock: "🔓", key: "🔑",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", bell: "🔔", eyes: "👀", no_entry: "⛔", fire: "🔥", wave: "👋",
  heavy_check_mark: "✔️", snowflake: "❄️", ice_cube: "🧊", stopwatch: "⏱️", clock3: "🕒", memo: "📝", shield: "🛡️",
  large_green_circle: "🟢", red_circle: "🔴", large_yellow_circle: "🟡", white_circle: "⚪", information_source: "ℹ️",
};

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function unescape(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] || whole);
}

export function moment(seconds, format, zone) {
  const at = new Date(seconds * 1000);
  const say = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(at);
  const date = say({ day: "numeric", month: "long", year: "numeric" });
  const forms = {
    date_num: say({ year: "numeric", month: "2-digit", day: "2-digit" }).split("/").reverse().join("-"),
    date, date_pretty: date, date_long: say({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    date_long_pretty: date, date_short: say({ day: "numeric", month: "short", year: "numeric" }),
    date_short_pretty: say({ day: "numeric", month: "short" }), time: say({ hour: "2-digit", minute: "2-digit" }),
    time_secs: say({ hour: "2-digit", minute: "2-digit", second: "2-digit" }), ago: date,
  };
  return format.replace(/\{([a-z_]+)\}/g, (whole, name) => forms[name] || whole);
}

function link(url, text) {
  const safe = /^(https?:|mailto:)/i.test(url);
  return safe ? el("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, text) : el("span", {}, text);
}

function reference(inside, view) {
  const [what, label] = inside.split(/\|(.*)/s);
  if (what[0] === "@") return el("span", { class: "mention" }, `@${view.names[what.slice(1)] || label || what}`);
  if (what[0] === "#") return el("span", { class: "mention" }, `#${view.names[what.slice(1)] || label || what}`);
  if (what.startsWith("!subteam^")) {
    return el("span", { class: "mention" }, `@${view.names[what.slice(9).split("^")[0]] || label || "group"}`);
  }
  if (what.startsWith("!date^")) {
    const [, seconds, format, url] = what.split("^");
    const text = moment(Number(seconds), format, view.zone);
    return url ? link(url, text) : el("time", {}, text);
  }
  if (what[0] === "!") return el("span", { class: "mention loud" }, `@${what.slice(1)}`);
  return link(unescape(what), unescape(label || what));
}

const INLINE = /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?!\w)|(?<![\w_])_([^\s_](?:[^_\n]*[^\s_])?)_(?!\w)|(?<![\w~])~([^\s~](?:[^~\n]*[^\s~])?)~(?!\w)/g;

function inline(text, view) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > end) nodes.push(withEmoji(unescape(text.slice(end, found.index))));
    const [whole, block, code, inside, bold, italic, strike] = found;
    if (block !== undefined) nodes.push(el("pre", {}, unescape(block)));
    else if (code !== undefined) nodes.push(el("code", {}, unescape(code)));
    else if (inside !== undefined) nodes.push(reference(inside, view));
    else if (bold !== undefined) nodes.push(el("strong", {}, ...inline(bold, view)));
    else if (italic !== undefined) nodes.push(el("em", {}, ...inline(italic, view)));
    else nodes.push(el("s", {}, ...inline(strike, view)));
    end = found.index + whole.length;
  }
  if (end < text.length) nodes.push(withEmoji(unescape(text.slice(end))));
  return nodes;
}

export function mrkdwn(text, view) {
  const parts = [];
  let quote = null;
  for (const line of text.includes("```") ? [text] : text.split("\n")) {
    const quoted = line.startsWith("&gt;") || line.startsWith(">");
    if (quoted && !quote) parts.push(quote = el("blockquote"));
    if (!quoted) quote = null;
    const nodes = inline(quoted ? line.replace(/^(&gt;|>) ?/, "") : line, view);
    if (quote) quote.append(...nodes, el("br"));
    else parts.push(...nodes, "\n");
  }
  if (parts.at(-1) === "\n") parts.pop();
  return el("span", { class: "text" }, ...parts);
}

export function words(object, view) {
  if (object.type === "mrkdwn") return mrkdwn(object.text, view);
  return el("span", { class: "text" }, object.emoji === false ? object.text : withEmoji(object.text));
}

function richInline(piece, view) {
  const style = piece.style || {};
  let node;
  if (piece.type === "text") node = piece.text;
  else if (piece.type === "link") node = link(piece.url, piece.text || piece.url);
  else if (piece.type === "emoji") node = EMOJI[piece.name] || `:${piece.name}:`;
  else if (piece.type === "date") node = el("time", {}, moment(piece.timestamp, piece.format, view.zone));
  else if (piece.type === "broadcast") node = el("span", { class: "mention loud" }, `@${piece.range}`);
  else {
    const id = piece.user_id || piece.usergroup_id || piece.channel_id || piece.team_id || piece.value;
    node = el("span", { class: "mention" }, `${piece.type === "channel" ? "#" : "@"}${view.names[id] || id}`);
  }
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style[name]) node = el(tag, {}, node);
  }
  return node;
}

function rich(element, view) {
  const inside = () => element.elements.map((piece) => richInline(piece, view));
  if (element.type === "rich_text_list") {
    const items = element.elements.map((item) => el("li", {}, rich(item, view)));
    return el(element.style === "ordered" ? "ol" : "ul", {}, ...items);
  }
  if (element.type === "rich_text_preformatted") return el("pre", {}, ...inside());
  if (element.type === "rich_text_quote") return el("blockquote", {}, ...inside());
  return el("div", { class: "text" }, ...inside());
}

function picture(object) {
  return el("span", { class: "picture", role: "img", "aria-label": object.alt_text }, "▣ ", object.alt_text);
}

// `view` is {names, zone, control(block, element) -> node}: how what can be pressed or filled becomes a node.
export function render(block, view) {
  const own = { data: { block: block.block_id } };
  switch (block.type) {
    case "section": {
      const fields = (block.fields || []).map((field) => el("div", { class: "field" }, words(field, view)));
      const accessory = block.accessory && (block.accessory.type === "image"
        ? picture(block.accessory) : view.control(block, block.accessory));
      return el("div", { class: "block section", ...own },
        el("div", { class: "section-text" }, block.text ? words(block.text, view) : null,
          fields.length ? el("div", { class: "fields" }, ...fields) : null), accessory);
    }
    case "header": return el("h3", { class: "block head", ...own }, words(block.text, view));
    case "divider": return el("hr", { class: "block" });
    case "context":
      return el("div", { class: "block context", ...own },
        ...block.elements.map((part) => (part.type === "image" ? picture(part) : words(part, view))));
    case "actions":
      return el("div", { class: "block actions", ...own },
        ...block.elements.map((element) => view.control(block, element)));
    case "rich_text":
      return el("div", { class: "block rich", ...own }, ...block.elements.map((element) => rich(element, view)));
    case "image": return el("div", { class: "block", ...own }, picture(block));
    case "markdown": return el("div", { class: "block", ...own }, el("span", { class: "text" }, block.text));
    case "input": return view.field(block, block.element);
    default: return el("div", { class: "block" }, `(${block.type})`);
  }
}
