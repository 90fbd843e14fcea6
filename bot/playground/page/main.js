// The page: who one is, what happens in the chat, and what one does there.

import { RefusedError, chatOf, listen, loadPeople } from "./api.js";
import { createChat } from "./chat.js";
import { createComposer } from "./composer.js";
import { find } from "./dom.js";
import { createDrawing } from "./draw.js";
import { alert, enlarge, notice, toast } from "./notices.js";
import { createUpload } from "./upload.js";

const PATIENCE_MS = 2500; // a bot or a server that starts anew needs no alarm
const ROLES = ["user", "admin"];

let me = null; // what the person before the page can do
let stopListening = () => {};
const state = { isConnected: true, isRunning: true, isTyping: false };
let patience = null;

const chat = createChat({
  command: (text) => sendText(text),
  enlarge,
  press,
  reply: (message) => composer.setReply(chat.get(message.message_id) ?? message),
  show: (messageId) => chat.show(messageId),
  typing: (isTyping) => { state.isTyping = isTyping; showState(); },
});
const composer = createComposer({ sendText });
const upload = createUpload((...picture) => sendUpload(...picture));
const drawing = createDrawing((picture) => sendUpload("photo", picture, "drawing.png", ""));

async function sendText(text) {
  try {
    await withReply((replyTo) => me.sendText(text, replyTo));
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

const sendUpload = (kind, blob, name, caption) =>
  withReply((replyTo) => me.sendUpload(kind, blob, name, caption, replyTo));

/** Send as a reply to the chosen message, which stays chosen when sending fails. */
async function withReply(send) {
  const replyTo = composer.takeReply();
  try {
    await send(replyTo?.message_id);
  } catch (error) {
    composer.setReply(replyTo);
    throw error;
  }
}

async function press(message, button, pressed) {
  if (pressed.getAttribute("aria-busy") === "true") return;
  pressed.setAttribute("aria-busy", "true");
  try {
    const answer = await me.press(message.message_id, button.callback_data);
    if (answer.text) (answer.show_alert ? alert : toast)(answer.text);
  } catch (error) {
    tell(error);
  } finally {
    pressed.removeAttribute("aria-busy");
  }
}

function tell(error) {
  if (!(error instanceof RefusedError)) throw error;
  toast(error.message);
}

/** Say how things are; what is wrong only once it has been so for a moment. */
function showState() {
  const status = find("status");
  const fault = !state.isConnected ? "Connection lost. Reconnecting…"
    : !state.isRunning ? "The bot is not running. What you send waits until it is." : null;
  clearTimeout(patience);
  status.classList.toggle("is-live", !fault);
  if (fault) {
    patience = setTimeout(() => {
      status.textContent = state.isConnected ? "offline" : "reconnecting…";
      notice(fault);
    }, PATIENCE_MS);
  } else {
    status.textContent = state.isTyping ? "typing…" : "online";
    notice(null);
  }
}

const handlers = {
  chat(now) {
    chat.reset(now.messages);
    chat.showTyping(now.typing_s);
    find("earlier").hidden = now.is_all;
    composer.setCommands(now.commands);
    state.isRunning = now.is_running;
    showState();
  },
  message: (message) => chat.receive(message),
  deleted: ({ message_id: messageId }) => chat.remove(messageId),
  typing: ({ seconds }) => chat.showTyping(seconds),
  commands: (commands) => composer.setCommands(commands),
  bot({ is_running: isRunning }) {
    if (isRunning === state.isRunning) return;
    state.isRunning = isRunning;
    showState();
  },
  force_reply({ message_id: messageId, placeholder }) {
    composer.setReply(chat.get(messageId), placeholder);
  },
};

function become(role, people) {
  const person = people[ROLES.indexOf(role)];
  stopListening();
  chat.clear();
  composer.setReply(null);
  composer.setCommands([]);
  me = chatOf(person.id);
  stopListening = listen(person.id, handlers, (isConnected) => {
    if (isConnected === state.isConnected) return;
    state.isConnected = isConnected;
    showState();
  });
  for (const button of document.querySelectorAll("[data-role]")) {
    const isMe = button.dataset.role === role;
    button.setAttribute("aria-checked", String(isMe));
    button.tabIndex = isMe ? 0 : -1;
  }
}

const roleNow = () => (location.hash === "#admin" ? "admin" : "user");

function switchRole(role) {
  // Part of the address, so that a reload or a second tab keeps it.
  history.replaceState(null, "", role === "admin" ? "#admin" : location.pathname);
  dispatchEvent(new HashChangeEvent("hashchange"));
  document.querySelector(`[data-role="${role}"]`).focus();
}

async function start() {
  let everybody;
  while (!everybody) {
    everybody = await loadPeople().catch(() => new Promise((resolve) => { setTimeout(resolve, 1000); }));
  }
  const { bot, people } = everybody;
  find("bot-name").textContent = bot.first_name;
  document.title = `${bot.first_name} · playground`;
  for (const button of document.querySelectorAll("[data-role]")) {
    button.textContent = people[ROLES.indexOf(button.dataset.role)].first_name;
    button.addEventListener("click", () => switchRole(button.dataset.role));
    button.addEventListener("keydown", (event) => {
      if (event.key.startsWith("Arrow")) switchRole(button.dataset.role === "admin" ? "user" : "admin");
    });
  }
  addEventListener("hashchange", () => become(roleNow(), people));
  become(roleNow(), people);
  if (matchMedia("(hover: hover)").matches) composer.focus();
}

find("start").addEventListener("click", () => sendText("/start"));
for (const id of ["draw", "welcome-draw"]) find(id).addEventListener("click", () => drawing.open());
find("welcome-photo").addEventListener("click", () => upload.choose());
find("earlier").addEventListener("click", async () => {
  try {
    const earlier = await me.loadBefore(chat.firstId());
    find("earlier").hidden = earlier.is_all;
    chat.prepend(earlier.messages);
  } catch (error) {
    tell(error);
  }
});
start();
