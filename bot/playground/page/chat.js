// The list of messages: kept in order, grouped, scrolled to the end while one reads there.

import { element, find } from "./dom.js";
import { renderMessage } from "./message.js";

const NEAR_END_PX = 80;

export function createChat(actions) {
  const area = find("chat");
  const list = find("messages");
  const typing = find("typing");
  const toEnd = find("to-end");
  const shown = new Map(); // message_id -> { message, item }
  let typingTimer;
  let isAtEnd = true;

  const scrollToEnd = (behavior = "auto") => area.scrollTo({ top: area.scrollHeight, behavior });
  area.addEventListener("scroll", () => {
    isAtEnd = area.scrollHeight - area.scrollTop - area.clientHeight < NEAR_END_PX;
    toEnd.hidden = isAtEnd;
  }, { passive: true });
  toEnd.addEventListener("click", () => scrollToEnd("smooth"));
  const stayAtEnd = new ResizeObserver(() => { if (isAtEnd) scrollToEnd(); });
  stayAtEnd.observe(area);
  stayAtEnd.observe(area.firstElementChild);

  /** Put a message in its place, or a changed one in the place of the old. */
  function put(message, isNew = true) {
    const old = shown.get(message.message_id);
    if (old && JSON.stringify(old.message) === JSON.stringify(message)) return;
    const item = renderMessage(message, actions);
    shown.set(message.message_id, { message, item });
    if (old) {
      const wasFocused = old.item.contains(document.activeElement);
      old.item.replaceWith(item);
      if (wasFocused) (item.querySelector(".keyboard button") ?? item).focus({ preventScroll: true });
    } else {
      item.classList.toggle("is-new", isNew);
      list.insertBefore(item, [...list.querySelectorAll(".message")]
        .find((other) => Number(other.dataset.messageId) > message.message_id) ?? null);
    }
  }

  /** Mark where groups of messages begin and end, and write the day before its first message. */
  function arrange() {
    for (const day of list.querySelectorAll(".day")) day.remove();
    let previous = null;
    for (const { message, item } of [...shown.values()].sort((a, b) => a.message.message_id - b.message.message_id)) {
      const day = new Date(message.date * 1000).toDateString();
      const isNewDay = day !== previous?.day;
      if (isNewDay) item.before(element("li", { className: "day" }, dayName(message.date)));
      const isFirst = isNewDay || previous.from !== message.from.id;
      item.classList.toggle("is-first", isFirst);
      previous?.item.classList.toggle("is-last", isFirst);
      item.classList.add("is-last");
      previous = { day, from: message.from.id, item };
    }
    find("welcome").hidden = shown.size > 0;
  }

  function showTyping(seconds) {
    clearTimeout(typingTimer);
    typing.hidden = seconds <= 0;
    actions.typing(seconds > 0);
    if (seconds > 0) typingTimer = setTimeout(() => showTyping(0), seconds * 1000);
  }

  return {
    /** Show a chat as the server has it now. */
    reset(messages) {
      const ids = new Set(messages.map((message) => message.message_id));
      for (const [id, { item }] of shown) {
        if (!ids.has(id)) { item.remove(); shown.delete(id); }
      }
      for (const message of messages) put(message, false);
      arrange();
      if (isAtEnd) scrollToEnd();
    },
    clear() {
      shown.clear();
      list.replaceChildren();
      showTyping(0);
      isAtEnd = true;
    },
    receive(message) {
      const isMine = actions.isMine(message) && !shown.has(message.message_id);
      put(message);
      arrange();
      if (message.from.is_bot && !message.edit_date) showTyping(0);
      if (isMine || isAtEnd) scrollToEnd();
    },
    prepend(messages) {
      const height = area.scrollHeight;
      for (const message of messages) put(message, false);
      arrange();
      area.scrollTop += area.scrollHeight - height;
    },
    remove(messageId) {
      shown.get(messageId)?.item.remove();
      shown.delete(messageId);
      arrange();
    },
    showTyping,
    get: (messageId) => shown.get(messageId)?.message,
    firstId: () => Math.min(...shown.keys()),
    /** Scroll to a message and mark it for a moment. */
    show(messageId) {
      const item = shown.get(messageId)?.item;
      if (!item) return;
      item.scrollIntoView({ block: "center", behavior: "smooth" });
      item.classList.remove("is-marked");
      requestAnimationFrame(() => item.classList.add("is-marked"));
    },
  };
}

function dayName(seconds) {
  const date = new Date(seconds * 1000);
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return "Today";
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString([], { day: "numeric", month: "long", year });
}
