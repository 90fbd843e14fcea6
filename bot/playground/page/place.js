// Who one is, and in which chat: two switches in the top bar, kept in the address.

/**
 * Let a person choose; `onChange(place)` is called with `{ person, isGroup }` now and whenever it
 * changes. `everybody` is what the server says of the people and the group.
 */
export function createPlace(everybody, onChange) {
  const [user, admin] = everybody.people;
  const names = { user: user.first_name, admin: admin.first_name, group: everybody.group.title };

  // Part of the address, so that a reload or a second tab keeps it: #admin, #group, #admin+group.
  function read() {
    const words = location.hash.slice(1).split("+");
    return { role: words.includes("admin") ? "admin" : "user", chat: words.includes("group") ? "group" : "private" };
  }

  function write({ role, chat }) {
    const words = [role === "admin" ? role : null, chat === "group" ? chat : null].filter(Boolean);
    history.replaceState(null, "", words.length ? `#${words.join("+")}` : location.pathname);
    apply();
  }

  function apply() {
    const now = read();
    for (const kind of ["role", "chat"]) {
      for (const button of buttonsOf(kind)) {
        const isChosen = button.dataset[kind] === now[kind];
        button.setAttribute("aria-checked", String(isChosen));
        button.tabIndex = isChosen ? 0 : -1;
      }
    }
    onChange({ person: now.role === "admin" ? admin : user, isGroup: now.chat === "group" });
  }

  for (const kind of ["role", "chat"]) {
    const buttons = buttonsOf(kind);
    for (const [index, button] of buttons.entries()) {
      button.textContent = names[button.dataset[kind]] ?? button.textContent;
      const choose = (chosen) => {
        write({ ...read(), [kind]: chosen.dataset[kind] });
        chosen.focus();
      };
      button.disabled = false; // Before this, a click would be lost.
      button.addEventListener("click", () => choose(button));
      button.addEventListener("keydown", (event) => {
        if (event.key.startsWith("Arrow")) choose(buttons[1 - index]);
      });
    }
  }
  addEventListener("hashchange", apply);
  apply();
}

const buttonsOf = (kind) => [...document.querySelectorAll(`[role="radio"][data-${kind}]`)];
