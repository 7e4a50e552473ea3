import { expect, test } from "vitest";
import { matching, readSettings } from "./settings";

const settings = readSettings({
  settings: [
    { name: "PARCOURS_PORT", value: 8080, source: "default", description: "TCP port to listen on." },
    { name: "PARCOURS_HOST", value: null, source: "environment", description: "Address to listen on." },
  ],
});

test("values are shown as text, nothing as an empty one", () => {
  expect(settings.map((one) => one.value)).toEqual(["", "8080"]);
  expect(readSettings(null)).toEqual([]);
});

test("every word must be there, wherever it stands", () => {
  expect(matching(settings, "listen port", false).map((one) => one.name)).toEqual(["PARCOURS_PORT"]);
  expect(matching(settings, "", true).map((one) => one.name)).toEqual(["PARCOURS_HOST"]);
});
