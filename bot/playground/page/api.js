// The wire to the server: requests of the person, and the stream of what happens in the chat.

const RETRY_AFTER_MS = 1000;

/** A request that was refused; the message is a sentence to show. */
export class RefusedError extends Error {
  constructor(sentence, isBetterAsFile = false) {
    super(sentence);
    this.isBetterAsFile = isBetterAsFile;
  }
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new RefusedError("No connection to the playground. Is it running?");
  }
  if (response.ok) return response.json();
  if (response.status === 422) {
    const refusal = await response.json();
    throw new RefusedError(refusal.sentence, refusal.send_as_file);
  }
  throw new RefusedError(`That did not work (${response.status}).`);
}

const post = (path, body) => request(path, {
  method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
});

export const fileUrl = (fileId) => `/playground/files/${encodeURIComponent(fileId)}`;
export const loadPeople = () => request("/playground/people");

const pathOf = (userId, chatId, what) => `/playground/chats/${chatId}/${what}?as=${userId}`;

/** What one person does in a chat. */
export function chatOf(userId, chatId) {
  const path = (what) => pathOf(userId, chatId, what);
  return {
    sendText: (text, replyTo) => post(path("text"), { text, reply_to: replyTo }),
    press: (messageId, data) => post(path("press"), { message_id: messageId, data }),
    loadBefore: (messageId) => request(`${path("messages")}&before=${messageId}`),
    sendUpload(kind, blob, name, caption, replyTo) {
      const form = new FormData();
      form.append("file", blob, name);
      if (caption) form.append("caption", caption);
      if (replyTo) form.append("reply_to", replyTo);
      return request(path(kind), { method: "POST", body: form });
    },
  };
}

/**
 * Listen to a chat as one person until the returned function is called. The server begins every stream with the
 * whole chat, so that reconnecting is all it takes to be up to date after a restart.
 */
export function listen(userId, chatId, handlers, onConnected) {
  let source;
  let timer;
  const open = () => {
    source = new EventSource(pathOf(userId, chatId, "events"));
    source.onopen = () => onConnected(true);
    source.onerror = () => {
      onConnected(false);
      source.close();
      clearTimeout(timer);
      timer = setTimeout(open, RETRY_AFTER_MS);
    };
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
