/** Text of others for people to read: nothing in it can act on who reads it or on what they see, and nothing is lost. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeHidden } from "../../src/domain/hidden-text.ts";

test.each<[string, string]>([
  ["a cursor that moves", "\u001b[2J"],
  ["a C1 control", "\u009b"],
  ["a line of its own", "\u2028"],
  ["a direction", "\u202e"],
  ["an isolate", "\u2066"],
  ["no width", "\u200b"],
  ["a byte order mark", "\ufeff"],
  ["a soft hyphen", "\u00ad"],
  ["an old shaping mark", "\u206a"],
  ["a filler", "\u3164"],
  ["a choice of glyph", "\ufe0f"],
  ["a tag, beyond the first plane", "\u{e0041}"],
])("%s stands there as an escape, and reads back", (_what, character) => {
  const shown = escapeHidden(JSON.stringify(`ali${character}ce`));
  expect(shown).toMatch(/^"ali(?:\\u[0-9a-f]{4})+.*ce"$/);
  expect(shown).not.toContain(character);
  expect(JSON.parse(shown)).toBe(`ali${character}ce`);
});

test("what can be seen stays as it is, with its lines", () => {
  const text = "Zoë Müller\tŁódź\n日本語 العربية हिन्दी 🙂 – “x”";
  expect(escapeHidden(text)).toBe(text);
});

test("law: JSON stays the same JSON", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
      expect(JSON.parse(escapeHidden(JSON.stringify({ text })))).toEqual({ text });
    }),
  );
});
