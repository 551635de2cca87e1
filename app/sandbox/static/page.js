// The workspace on the page: who you are, where you are, what is said, what you type.

import { el, mrkdwn, render } from "./blocks.js";
import { control, confirmed, Form, given } from "./form.js";
import { Composer } from "./composer.js";

const byId = (id) => document.getElementById(id);
const here = { me: localStorage.getItem("me") || "U0ADA", channel: "C0GENERAL", thread: null, state: null, drawn: new Map() };

if (location.search) history.replaceState(null, "", location.pathname);

// -- talking to the server

async function send(act, body = {}) {
  const response = await fetch(`ui/${act}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ as: here.me, ...body }),
  });
  const answer = response.headers.get("content-type")?.includes("json") ? await response.json() : { trouble: await response.text() };
  if (answer.trouble) say(answer.trouble, true);
  return answer;
}

let loading = null;
let stale = false;
async function load() {
  if (loading) { stale = true; return loading; }
  loading = (async () => {
    do {
      stale = false;
      const response = await fetch(`ui/state?as=${encodeURIComponent(here.me)}`);
      if (!response.ok) { banner(await response.text()); return; }
      const state = await response.json();
      if (state.me === here.me) show(state);
    } while (stale);
  })();
  await loading.finally(() => { loading = null; });
}

function listen() {
  const events = new EventSource("ui/events");
  events.onmessage = load;
  events.onerror = () => { if (here.state) banner("The sandbox is not answering. If it was started anew, open the address that it printed."); };
  events.onopen = () => { if (here.state) banner(faultText(here.state.fault)); };
}

// -- saying things

function announce(text) { byId("live").append(el("p", {}, text)); while (byId("live").children.length > 5) byId("live").firstChild.remove(); }

let sayTimer = null;
function say(text, isTrouble = false) {
  form.trouble(text);
  if (isTrouble) composer.trouble(text);
  announce(text);
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => { composer.trouble(""); }, 12000);
}

function banner(text) { byId("banner").textContent = text; byId("banner").hidden = !text; }

function faultText(kind) {
  return {
    slow: "Slack is slow: every answer to the bot comes two seconds late.",
    limits: "Slack answers the bot with 429: nothing it says arrives until you switch this off.",
    down: "Slack is down: nobody can type or press, and the bot cannot reach it.",
  }[kind] || "";
}

// -- drawing

const person = (id) => here.state.people.find((each) => each.id === id);
const zone = () => person(here.me)?.tz || "UTC";
const looks = () => ({ names: here.state.names, zone: zone(), people: here.state.people });

function show(state) {
  const before = here.state;
  here.state = state;
  if (!state.channels.some((channel) => channel.id === here.channel)) here.channel = state.channels[0].id;
  announceNew(before, state);
  drawPeople();
  drawPlaces();
  drawChat();
  drawThread();
  drawSide();
  banner(faultText(state.fault));
  form.update(state.view);
  const open = state.channels.find((channel) => channel.id === here.channel);
  if (open.unread && document.visibilityState === "visible") send("read", { channel: here.channel });
}

function announceNew(before, state) {
  if (!before || before.me !== state.me) return;
  for (const channel of state.channels) {
    const old = new Set((before.messages[channel.id] || []).map((message) => message.ts));
    for (const message of state.messages[channel.id]) {
      if (old.has(message.ts) || message.user === here.me) continue;
      const where = channel.kind === "dm" ? "direct message" : channel.name;
      announce(`${state.names[message.user]}, ${where}: ${plain(message.text)}`);
    }
  }
}

const plain = (text) => mrkdwn(text, looks()).textContent;

function redraw(holder, items, key, draw) {
  const stamp = JSON.stringify(items);
  if (here.drawn.get(holder) === stamp) return;
  here.drawn.set(holder, stamp);
  const focused = holder.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  holder.replaceChildren(...items.map(draw));
  if (focused) holder.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function drawPeople() {
  redraw(byId("people"), here.state.people.map((each) => ({ ...each, on: each.id === here.me })), "id", (each) =>
    el("label", { class: each.on ? "person on" : "person" },
      el("input", {
        type: "radio", name: "person", value: each.id, checked: each.on, data: { key: each.id },
        on: { change: () => be(each.id) },
      }),
      el("span", { class: `face c${each.id.length % 4}${each.key.charCodeAt(0) % 4}`, "aria-hidden": "true" }, each.name[0]),
      el("span", { class: "who" }, el("b", {}, each.name.split(" ")[0]), " ", el("small", {}, each.role))));
}

function be(id) {
  here.me = id;
  localStorage.setItem("me", id);
  here.thread = null;
  return load();
}

function drawPlaces() {
  const draw = (channel) => el("li", {}, el("button", {
    type: "button", class: channel.on ? "on" : "", "aria-current": channel.on ? "page" : null,
    data: { key: channel.id }, on: { click: () => go(channel.id) },
  },
  el("span", { class: "sign", "aria-hidden": "true" }, { channel: "#", private: "◇", dm: "●" }[channel.kind]),
  el("span", { class: "name" }, channel.name, channel.kind === "private" ? el("span", { class: "sr" }, " (private)") : null),
  channel.shared ? el("small", { class: "tag" }, "shared") : null,
  channel.archived ? el("small", { class: "tag" }, "archived") : null,
  channel.unread ? el("span", { class: "count" }, String(channel.unread), el("span", { class: "sr" }, " unread")) : null));
  const list = here.state.channels.map((channel) => ({ ...channel, on: channel.id === here.channel }));
  redraw(byId("channels"), list.filter((channel) => channel.kind !== "dm"), "id", draw);
  redraw(byId("dms"), list.filter((channel) => channel.kind === "dm"), "id", draw);
  const unread = list.reduce((sum, channel) => sum + (channel.on ? 0 : channel.unread), 0);
  byId("tab-unread").textContent = unread;
  byId("tab-unread").hidden = !unread;
}

function go(id) {
  here.channel = id;
  here.thread = null;
  tab("chat");
  show(here.state);
  (matchMedia("(min-width: 861px)").matches ? byId("composer-text") : byId("place-name")).focus();
}

function drawChat() {
  const channel = here.state.channels.find((each) => each.id === here.channel);
  byId("place-name").textContent = (channel.kind === "dm" ? "" : "# ") + channel.name;
  byId("place-purpose").textContent = channel.purpose;
  composer.label(channel.kind === "dm" ? `Message ${channel.name}` : `Message #${channel.name}`);
  document.title = `${channel.kind === "dm" ? "" : "#"}${channel.name} – Acme sandbox`;
  const said = here.state.messages[here.channel];
  drawMessages(byId("messages"), said.filter((message) => !message.thread), said);
  if (!said.length) {
    redraw(byId("messages"), [{ channel, me: here.me }], "me", () => emptyChat(channel));
  }
}

function drawThread() {
  const said = here.state.messages[here.channel];
  const parent = here.thread && said.find((message) => message.ts === here.thread);
  byId("thread").hidden = !parent;
  document.body.classList.toggle("threaded", Boolean(parent));
  if (parent) drawMessages(byId("thread-messages"), said.filter((m) => m === parent || m.thread === parent.ts), []);
}

function drawMessages(holder, shown, all) {
  const old = here.drawn.get(holder) instanceof Map ? here.drawn.get(holder) : new Map();
  const atEnd = holder.scrollHeight - holder.scrollTop - holder.clientHeight < 80;
  const fresh = new Map();
  const nodes = shown.map((message) => {
    const replies = all.filter((each) => each.thread === message.ts).length;
    const stamp = JSON.stringify([message, replies, here.me, here.channel]);
    const known = old.get(message.ts);
    const node = known && known.stamp === stamp ? known.node : drawMessage(message, replies);
    fresh.set(message.ts, { stamp, node });
    return node;
  });
  const focused = holder.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const same = nodes.length === holder.children.length && nodes.every((node, place) => node === holder.children[place]);
  here.drawn.set(holder, fresh);
  if (same) return;
  holder.replaceChildren(...nodes);
  if (focused) (holder.querySelector(`[data-key="${CSS.escape(focused)}"]`) || holder).focus({ preventScroll: true });
  if (atEnd || here.place !== here.channel + here.me) holder.scrollTop = holder.scrollHeight;
  here.place = here.channel + here.me;
}

function drawMessage(message, replies) {
  const author = here.state.names[message.user] || "somebody";
  const at = new Date(Number(message.ts) * 1000);
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone(), hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
  const view = { ...looks(), control: (b, e) => messageControl(message, b, e), field: (b, e) => messageControl(message, b, e) };
  const body = message.blocks.length ? message.blocks.map((block) => render(block, view)) : [el("div", { class: "block" }, mrkdwn(message.text, view))];
  return el("article", { class: message.only_you ? "message only-you" : "message", "aria-label": `${author}, ${time}` },
    el("span", { class: `face${message.app ? " app" : ""}`, "aria-hidden": "true" }, message.app ? "⌁" : author[0]),
    el("div", { class: "message-body" },
      el("p", { class: "byline" }, el("b", {}, author), message.app ? el("small", { class: "tag" }, "app") : null,
        el("time", { datetime: at.toISOString() }, time), message.edited ? el("small", {}, "(edited)") : null,
        message.only_you ? el("small", { class: "tag" }, "only visible to you") : null),
      ...body,
      replies ? el("button", {
        type: "button", class: "link", data: { key: `thread-${message.ts}` }, on: { click: () => openThread(message.ts) },
      }, `${replies} ${replies === 1 ? "reply" : "replies"}`) : message.only_you ? null : el("button", {
        type: "button", class: "link reply", data: { key: `thread-${message.ts}` }, on: { click: () => openThread(message.ts) },
      }, "Reply", el("span", { class: "sr" }, " in a thread"))));
}

function openThread(ts) {
  here.thread = ts;
  tab("chat");
  show(here.state);
  byId("thread-name").focus();
}

function messageControl(message, block, element) {
  const key = `${message.ts}-${block.block_id}-${element.action_id}`;
  const press = async (choice) => {
    if (!await confirmed(byId("confirm"), element.confirm, looks())) return;
    await send("press", { channel: here.channel, ts: message.ts, block_id: block.block_id, action_id: element.action_id, given: choice });
  };
  if (element.type === "overflow") {
    return control({ ...element, type: "static_select", placeholder: { text: "More…" } }, null, key, press, looks());
  }
  if (element.type !== "button") {
    const state = (message.values[block.block_id] || {})[element.action_id];
    const node = control(element, given(state), key, press, { ...looks(), ask: async () => [] });
    node.setAttribute("aria-label", element.placeholder?.text || "Choose");
    return node;
  }
  if (element.url) return el("a", { class: "button", href: element.url, rel: "noreferrer noopener", target: "_blank" }, element.text.text);
  const button = el("button", {
    type: "button", class: element.style || "", data: { key }, "aria-label": element.accessibility_label,
    on: { click: async () => { button.setAttribute("aria-busy", "true"); await press(null); button.removeAttribute("aria-busy"); } },
  }, element.text.text);
  return button;
}

// -- beside it: what to try, the target, the switches

function drawSide() {
  redraw(byId("guide"), here.state.guide, "says", (step) => {
    const name = here.state.people.find((each) => each.key === step.person).name.split(" ")[0];
    const label = step.target ? `Try as ${name}` : `Go there as ${name}`;
    const does = { type: "button", data: { key: step.says }, on: { click: () => follow(step) } };
    return el("li", {}, el("p", {}, el("b", {}, `As ${name}:`), " ", step.says),
      step.types ? typed(step.types, does, ` (put it in the message field as ${name})`)
        : el("button", { ...does, class: "quiet" }, label));
  });
  byId("target").hidden = !here.state.target;
  byId("target-try").textContent = `Try as ${person(here.me).name.split(" ")[0]}`;
  for (const radio of document.querySelectorAll("[name=fault]")) radio.checked = radio.value === here.state.fault;
}

const typed = (text, attributes, note) =>
  el("button", { ...attributes, class: "typed" }, el("code", {}, text), el("span", { class: "sr" }, note));

function emptyChat(channel) {
  if (channel.kind === "dm") return el("p", { class: "empty" }, "Nothing yet. What the bot tells only you appears here.");
  const step = here.state.guide.find((each) => each.types && each.person === person(here.me).key);
  if (channel.id !== "C0GENERAL" || !step) return el("p", { class: "empty" }, "Nothing yet.");
  const put = { type: "button", data: { key: "start" }, on: { click: () => composer.put(step.types) } };
  return el("div", { class: "empty" }, el("p", {}, "Need access in an emergency? Type this and press Enter:"),
    typed(step.types, put, " (put it in the message field)"));
}

async function follow(step) {
  await be(here.state.people.find((each) => each.key === step.person).id);
  if (here.state.channels.some((channel) => channel.id === step.channel)) here.channel = step.channel;
  show(here.state);
  if (step.types) { tab("chat"); composer.put(step.types); } else if (step.target) { await tryTarget(); byId("target").scrollIntoView({ block: "nearest" }); } else { go(step.channel); }
}

async function tryTarget() {
  const name = person(here.me).name.split(" ")[0];
  const button = byId("target-try");
  button.setAttribute("aria-busy", "true");
  const answer = await send("target/try");
  button.removeAttribute("aria-busy");
  if (answer.trouble) return;
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone(), timeStyle: "medium" }).format(new Date());
  byId("target-log").prepend(el("li", { class: answer.ok ? "ok" : "no" },
    el("p", { class: "byline" }, el("b", {}, `${answer.ok ? "✓" : "✗"} ${name}`), el("time", {}, time)), el("pre", {}, answer.text)));
  while (byId("target-log").children.length > 4) byId("target-log").lastChild.remove();
}

function tab(name) { document.body.dataset.tab = name; for (const b of document.querySelectorAll(".tabs button")) b.setAttribute("aria-pressed", String(b.dataset.tab === name)); }

// -- what the person does

const form = new Form(byId("modal"), {
  view: looks,
  submit: async (values) => { await send("submit", { view: here.state.view.id, values }); await load(); },
  close: async () => { await send("close", { view: here.state.view.id }); await load(); },
  press: async (block, element, choice, values) => {
    if (!await confirmed(byId("confirm"), element.confirm, looks())) return;
    await send("press", { view: here.state.view.id, block_id: block.block_id, action_id: element.action_id, given: choice, values });
  },
  ask: async (block, element, query, values) => {
    const asked = { view: here.state.view.id, block_id: block.block_id, action_id: element.action_id, query, values };
    return (await send("options", asked)).options || [];
  },
});

const composer = new Composer(byId("composer"), async (text) => {
  const answer = await send("say", { channel: here.channel, text });
  load();
  return !answer.trouble;
});

byId("thread-composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("thread-text");
  const text = field.value;
  field.value = "";
  await send("say", { channel: here.channel, text, thread_ts: here.thread });
});
byId("thread-close").addEventListener("click", () => { const ts = here.thread; here.thread = null; show(here.state); document.querySelector(`[data-key="thread-${ts}"]`)?.focus(); });
byId("thread").addEventListener("keydown", (event) => { if (event.key === "Escape") byId("thread-close").click(); });
byId("target-try").addEventListener("click", tryTarget);
for (const radio of document.querySelectorAll("[name=fault]")) radio.addEventListener("change", () => send("fault", { kind: radio.value }));
for (const button of document.querySelectorAll(".tabs button")) button.addEventListener("click", () => tab(button.dataset.tab));

tab("chat");
await load();
listen();
