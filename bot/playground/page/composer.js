// Writing: the text field, the command menu, and the message one replies to.

import { element, find } from "./dom.js";
import { summary } from "./message.js";

export function createComposer(actions) {
  const form = find("composer");
  const text = find("text");
  const menuButton = find("menu");
  const menu = find("commands");
  let commands = [];
  let commandEnd = "";
  let selected = 0;
  let replyTo = null;

  const matching = () => {
    const typed = /^\/(\w*)$/.exec(text.value);
    return typed ? commands.filter(({ command }) => command.startsWith(typed[1].toLowerCase())) : [];
  };

  function showMenu(found) {
    selected = 0;
    menu.replaceChildren(...found.map(({ command, description }, index) => element("li", {
      id: `command-${index}`, role: "option", "data-command": command,
      onclick: () => choose(command),
      onpointermove: () => select(index),
    }, element("b", {}, `/${command}`), element("span", {}, description))));
    menu.hidden = found.length === 0;
    menuButton.setAttribute("aria-expanded", String(!menu.hidden));
    select(0);
  }

  function select(index) {
    const items = [...menu.children];
    selected = (index + items.length) % Math.max(items.length, 1);
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === selected)));
    if (items.length) text.setAttribute("aria-activedescendant", `command-${selected}`);
    else text.removeAttribute("aria-activedescendant");
  }

  function choose(command) {
    showMenu([]);
    setText("");
    actions.sendText(`/${command}${commandEnd}`);
    text.focus();
  }

  function setText(value) {
    text.value = value;
    fit();
  }

  function fit() {
    form.classList.toggle("has-text", text.value.trim() !== "");
    text.style.height = "44px";
    if (text.scrollHeight > 46) text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
  }

  async function send() {
    const value = text.value;
    if (!value.trim()) return;
    showMenu([]);
    setText("");
    const wasSent = await actions.sendText(value);
    if (!wasSent && text.value === "") setText(value);
  }

  function setReply(message, placeholder = "") {
    replyTo = message;
    find("reply").hidden = message === null;
    text.placeholder = placeholder || "Message";
    if (message === null) return;
    find("reply-name").textContent = `Reply to ${message.from.first_name}`;
    find("reply-text").textContent = summary(message);
    text.focus();
  }

  text.addEventListener("input", () => { fit(); showMenu(matching()); });
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (!menu.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      select(selected + (event.key === "ArrowDown" ? 1 : -1));
      menu.children[selected]?.scrollIntoView({ block: "nearest" });
    } else if (!menu.hidden && ["Enter", "Tab"].includes(event.key)) {
      event.preventDefault();
      choose(menu.children[selected].dataset.command);
    } else if (event.key === "Escape") {
      if (!menu.hidden) showMenu([]);
      else setReply(null);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
  menuButton.addEventListener("click", () => {
    showMenu(menu.hidden ? commands : []);
    text.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target) && !menuButton.contains(event.target)) showMenu([]);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  find("reply-cancel").addEventListener("click", () => { setReply(null); text.focus(); });

  return {
    setReply,
    /** Return the message to reply to, if there is one, and be done with it. */
    takeReply() {
      const message = replyTo;
      setReply(null);
      return message;
    },
    /** Offer these commands; in a group, each is sent with the name of the bot at its end. */
    setCommands(list, end = "") {
      commands = list;
      commandEnd = end;
      menuButton.hidden = list.length === 0;
      // They may arrive when one is already looking for them.
      if (text.value.startsWith("/")) showMenu(matching());
      else if (!menu.hidden) showMenu(commands);
    },
    focus: () => text.focus(),
  };
}
