// The message field, with a list of what can be typed.

import { el } from "./blocks.js";

const COMMANDS = [
  ["/breakglass orders-db 30m INC-1234 replica lag", "ask in one line"],
  ["/breakglass", "open the request form"],
  ["/breakglass status", "what I have and what I wait for"],
  ["/breakglass end", "give my access back"],
  ["/breakglass help", "everything that can be typed"],
  ["/breakglass revoke-all", "security: end everything"],
  ["/breakglass freeze", "security: stop all giving"],
];

export class Composer {
  // `send(text)` answers whether it arrived; what did not is kept in the field.
  constructor(node, send) {
    this.field = node.querySelector("input");
    this.list = node.querySelector("ul");
    this.help = node.querySelector(".help");
    this.helpText = [...this.help.childNodes];
    this.send = send;
    this.at = -1;
    this.found = [];
    node.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.field.addEventListener("input", () => this.suggest());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => this.hide());
  }

  label(text) {
    document.getElementById("composer-label").textContent = text;
    this.field.placeholder = text;
  }

  put(text) {
    this.field.value = text;
    this.hide();
    this.field.focus();
  }

  trouble(text) {
    this.help.classList.toggle("wrong", Boolean(text));
    this.help.replaceChildren(...(text ? [text] : this.helpText));
  }

  async submit() {
    const text = this.field.value.trim();
    if (!text) return;
    this.hide();
    this.field.value = "";
    this.trouble("");
    if (!await this.send(text) && !this.field.value) this.field.value = text;
  }

  suggest() {
    const text = this.field.value;
    this.found = text.startsWith("/") ? COMMANDS.filter(([command]) => command.startsWith(text) && command !== text) : [];
    this.at = -1;
    this.draw();
  }

  hide() {
    this.found = [];
    this.at = -1;
    this.draw();
  }

  draw() {
    this.list.replaceChildren(...this.found.map(([command, says], place) => el("li", {
      role: "option", id: `hint-${place}`, "aria-selected": String(place === this.at),
      on: { mousedown: (event) => { event.preventDefault(); this.put(command); } },
    }, el("code", {}, command), el("small", {}, says))));
    this.list.hidden = this.found.length === 0;
    this.field.setAttribute("aria-expanded", String(!this.list.hidden));
    if (this.at >= 0) this.field.setAttribute("aria-activedescendant", `hint-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (this.list.hidden) return;
    if (event.key === "ArrowDown") this.at = (this.at + 1) % this.found.length;
    else if (event.key === "ArrowUp") this.at = (this.at + this.found.length - 1 + (this.at < 0 ? 1 : 0)) % this.found.length;
    else if (event.key === "Escape") { this.hide(); event.preventDefault(); return; }
    else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0) { event.preventDefault(); this.put(this.found[this.at][0]); return; }
    else return;
    event.preventDefault();
    this.draw();
  }
}
