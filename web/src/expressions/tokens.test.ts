import fc from "fast-check";
import { expect, test } from "vitest";
import { quote, tokenize, unquote } from "./tokens";

const words = (text: string) =>
  tokenize(text)
    .filter((token) => token.kind !== "space")
    .map((token) => [token.kind, token.text]);

test("tokens are the whole text, whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(
        tokenize(text)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
    }),
  );
});

test("a text as a literal reads as the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(unquote(quote(text))).toBe(text);
    }),
  );
});

test("words have the kind of their place", () => {
  expect(words("not in(@event{Order.first.all(currentEventField.is == 1)}, [true])").map(([kind]) => kind)).toEqual([
    "keyword",
    "function",
    "bracket",
    "reference",
    "segment",
    "punctuation",
    "segment",
    "punctuation",
    "selector",
    "bracket",
    "element",
    "punctuation",
    "segment",
    "operator",
    "number",
    "bracket",
    "bracket",
    "punctuation",
    "bracket",
    "literal",
    "bracket",
    "bracket",
  ]);
  expect(words("@event{E.first, defaultValue: -1}")).toContainEqual(["option", "defaultValue"]);
  expect(words("@event{E.a-b}")).toContainEqual(["segment", "a-b"]);
  expect(words(`\${externalKey}`)[0]).toEqual(["property", "${"]);
});

test("an open text goes on to the end", () => {
  expect(words('1 == "abc').at(-1)).toEqual(["string", '"abc']);
});
