// The page: who one is, what happens in the chat, and what one does there.

import { RefusedError, chatOf, listen, loadPeople } from "./api.js";
import { createChat } from "./chat.js";
import { createComposer } from "./composer.js";
import { find } from "./dom.js";
import { createDrawing } from "./draw.js";
import { alert, enlarge, notice, toast } from "./notices.js";
import { createPlace } from "./place.js";
import { createUpload } from "./upload.js";

const PATIENCE_MS = 2500; // a bot or a server that starts anew needs no alarm

let everybody = null; // who there is: { bot, people, group }
let place = null; // who one is, and where: { person, isGroup }
let me = null; // what the person before the page can do
let stopListening = () => {};
const state = { isConnected: true, isRunning: true, isTyping: false, members: null };
let patience = null;

const chat = createChat({
  command: (text) => sendText(text),
  enlarge,
  isMine: (message) => message.from.id === place.person.id,
  press,
  reply: (message) => composer.setReply(chat.get(message.message_id) ?? message),
  show: (messageId) => chat.show(messageId),
  typing: (isTyping) => { state.isTyping = isTyping; showState(); },
});
const composer = createComposer({ sendText });
const upload = createUpload((...picture) => sendUpload(...picture));
const drawing = createDrawing((picture) => {
  if (!place.isGroup) return sendUpload("photo", picture, "drawing.png", "");
  // In a group it is the caption that asks the bot.
  upload.open([new File([picture], "drawing.png", { type: picture.type })]);
  return undefined;
});

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
  status.classList.toggle("is-live", !fault && (state.isTyping || !state.members));
  if (fault) {
    patience = setTimeout(() => {
      status.textContent = state.isConnected ? "offline" : "reconnecting…";
      notice(fault);
    }, PATIENCE_MS);
  } else {
    status.textContent = statusNow();
    notice(null);
  }
}

function statusNow() {
  if (state.isTyping) return state.members ? `${everybody.bot.first_name} is typing…` : "typing…";
  return state.members ?? "online";
}

const setCommands = (commands) =>
  composer.setCommands(commands, place.isGroup ? `@${everybody.bot.username}` : "");

const handlers = {
  chat(now) {
    chat.reset(now.messages);
    chat.showTyping(now.typing_s);
    find("earlier").hidden = now.is_all;
    setCommands(now.commands);
    state.isRunning = now.is_running;
    showState();
  },
  message: (message) => chat.receive(message),
  deleted: ({ message_id: messageId }) => chat.remove(messageId),
  typing: ({ seconds }) => chat.showTyping(seconds),
  commands: setCommands,
  bot({ is_running: isRunning }) {
    if (isRunning === state.isRunning) return;
    state.isRunning = isRunning;
    showState();
  },
  force_reply({ message_id: messageId, placeholder }) {
    composer.setReply(chat.get(messageId), placeholder);
  },
};

/** Be a person in their private chat or in the group. */
function become({ person, isGroup }) {
  const { bot, people, group } = everybody;
  const chatId = isGroup ? group.id : person.id;
  stopListening();
  place = { person, isGroup };
  document.body.dataset.chat = isGroup ? "group" : "private";
  find("chat-name").textContent = isGroup ? group.title : bot.first_name;
  state.members = isGroup ? [...people, bot].map((member) => member.first_name).join(", ") : null;
  chat.clear();
  composer.setReply(null);
  composer.setCommands([]);
  me = chatOf(person.id, chatId);
  stopListening = listen(person.id, chatId, handlers, (isConnected) => {
    if (isConnected === state.isConnected) return;
    state.isConnected = isConnected;
    showState();
  });
}

async function start() {
  while (!everybody) {
    everybody = await loadPeople().catch(() => new Promise((resolve) => { setTimeout(resolve, 1000); }));
  }
  const { bot } = everybody;
  document.title = `${bot.first_name} · playground`;
  find("welcome-mention").textContent = `@${bot.username}`;
  upload.setMention(`@${bot.username}`);
  createPlace(everybody, become);
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
