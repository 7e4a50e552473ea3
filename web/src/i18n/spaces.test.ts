import { expect, test } from "vitest";
import { loadCatalogue, withFrenchSpaces } from "./catalogues";

test("a mark stays with its word in French", () => {
  expect(withFrenchSpaces("Supprimer « {name} » ? Oui ; non : voir")).toBe(
    "Supprimer «\u00a0{name}\u00a0»\u00a0? Oui\u00a0; non\u00a0: voir",
  );
  expect(withFrenchSpaces("{n, number, ::percent}")).toBe("{n, number, ::percent}");
});

test("only the French catalogue is spaced so", async () => {
  const [french, english] = await Promise.all([loadCatalogue("fr"), loadCatalogue("en")]);
  expect(Object.values(french).filter((text) => / [;?!»]/.test(text))).toEqual([]);
  expect(Object.keys(french).sort()).toEqual(Object.keys(english).sort());
});
