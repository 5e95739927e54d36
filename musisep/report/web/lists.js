// The notes once more, as a list and as a table, for keys and for those who do not see the roll.

const AROUND = 12; // entries of the list before and after the current one
const MOST_ROWS = 20; // of the table

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function coloured(made, instrument) {
  made.style.setProperty("--colour", `var(${colourName(instrument)})`);
  return made;
}

function showList(list, score, choose) {
  const { notes } = score,
    place = Math.max(
      0,
      notes.findIndex((note) => note.id === score.current),
    );
  const first = Math.max(0, Math.min(place - AROUND, notes.length - 2 * AROUND - 1));
  const items = notes.slice(first, first + 2 * AROUND + 1).map((note, i) => {
    const current = note.id === score.current;
    const text = (score.doubtful(note) ? "? " : "") + score.describe(note);
    const item = element("li", {
      role: "option",
      id: `note-${note.id}`,
      text,
      dir: "auto",
      "aria-selected": String(score.selected.has(note.id)),
      "aria-setsize": notes.length,
      "aria-posinset": first + i + 1,
      class: current ? "current" : "",
      onclick: (event) => choose(note, event),
    });
    return coloured(item, note.instrument);
  });
  list.replaceChildren(...items);
  const current = list.querySelector(".current");
  if (current) list.setAttribute("aria-activedescendant", current.id);
  else list.removeAttribute("aria-activedescendant");
  if (current) list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
}

function showSelected(body, more, score) {
  const chosen = score.chosen;
  body.replaceChildren(...chosen.slice(0, MOST_ROWS).map((note) => rowOf(note, score)));
  if (!chosen.length)
    more.textContent =
      "No note is selected. Click one, drag around several, or use the keys in the list.";
  else if (chosen.length > MOST_ROWS)
    more.textContent = `and ${counted(chosen.length - MOST_ROWS)} more`;
  else more.textContent = "";
}

function rowOf(note, score) {
  const field = (label, key) =>
    element("input", {
      type: "number",
      min: 0,
      max: score.seconds,
      step: 0.001,
      value: note[key].toFixed(3),
      "aria-label": `${label} of ${pitchOf(note)} in seconds`,
      "data-key": `${note.id}-${key}`,
      onchange: (event) => {
        const value = event.target.valueAsNumber,
          wanted = { ...note, [key]: value };
        if (wanted.end - wanted.begin >= SHORTEST_S && value >= 0 && wanted.end <= score.seconds)
          score.move(note, wanted.begin, wanted.end);
        else {
          event.target.value = note[key].toFixed(3);
          score.tell("Not changed: a note ends after it begins, within the recording");
        }
      },
    });
  return element(
    "tr",
    {},
    element("th", { scope: "row", text: pitchOf(note) }),
    element("td", {}, field("Begin", "begin")),
    element("td", {}, field("End", "end")),
    element("td", { text: score.nameOf(note.instrument), dir: "auto" }),
    element("td", {
      text:
        note.certainty === null ? (note.settled ? "yours" : "unknown") : percent(note.certainty),
    }),
  );
}

function showLegend(legend, score, roll) {
  const entries = score.instruments.map((name, k) => [k, name]);
  if (score.notes.some((note) => note.instrument === NOBODY)) entries.push([NOBODY, "nobody"]);
  legend.replaceChildren(
    ...entries.map(([k, name]) => {
      const canvas = element("canvas", { width: 28, height: 14, "aria-hidden": "true" }),
        context = canvas.getContext("2d");
      for (const fill of [roll.colour(colourName(k)), roll.pattern(k)]) {
        if (fill) {
          context.fillStyle = fill;
          context.fillRect(0, 0, 28, 14);
        }
      }
      return element(
        "li",
        {},
        canvas,
        element("bdi", { text: k === NOBODY ? name : `${k + 1} ${name}` }),
      );
    }),
    element("li", { class: "hint", text: "lighter, dashed: doubtful" }),
  );
}
