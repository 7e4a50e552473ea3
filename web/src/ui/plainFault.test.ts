import { expect, test } from "vitest";
import { plainFault, settingOf } from "./plainFault";

test.each([
  ['"" is shorter than 1 character', "empty", {}],
  ['"ab" is shorter than 3 characters', "short", { count: 3 }],
  [`"${"x".repeat(40)}\n" is longer than 30 characters`, "long", { count: 30 }],
  ['"name" is a required property', "required", { name: "name" }],
  ["Additional properties are not allowed ('colour', 'size' were unexpected)", "unknown", { names: "colour, size" }],
  ['5 is not of type "string"', "type", { types: "string" }],
  [
    '"weekly" is not one of "once", "daily" or 2 other candidates',
    "choice",
    { choices: "once, daily or 2 other candidates" },
  ],
  ["0 is less than the minimum of 1", "small", { limit: "1" }],
  ["0 is less than or equal to the minimum of 0", "above", { limit: "0" }],
  ["[] has less than 1 item", "few", { count: 1 }],
  ["[1,1] has non-unique elements", "twice", {}],
  ['"a b" does not match "^[a-z]+$"', "pattern", { value: "a b" }],
  ['"x" is not a "date-time"', "format", { value: "x", format: "date-time" }],
  ["{} is not valid under any of the schemas listed in the 'anyOf' keyword", "form", {}],
])("%s", (message, id, values) => {
  expect(plainFault(message)).toEqual({ id, values });
});

test("a sentence stays as it is", () => {
  expect(plainFault("the name is taken")).toBeNull();
});

test.each([
  ["$.nodes.call.parameters[0].value", "parameters[0].value"],
  ["$.nodes['a b'].label", "label"],
  ['$.nodes["it\'s"].paths[1]', "paths[1]"],
  ["$.nodes.call", null],
  ["$.name", null],
  [undefined, null],
])("%s is about the setting %s", (path, setting) => {
  expect(settingOf(path)).toBe(setting);
});
