import { expect, test } from "vitest";
import { toCsv } from "./download";

test("cells with commas, quotes and line ends are quoted", () => {
  expect(
    toCsv([
      ["name", "count"],
      ['a "b", c', 3],
      ["x\ny", null],
    ]),
  ).toBe('name,count\r\n"a ""b"", c",3\r\n"x\ny",\r\n');
});

test("what a spreadsheet would run is led by an apostrophe; numbers stay numbers", () => {
  expect(toCsv([["=1+1", "@x", -2]])).toBe("'=1+1,'@x,-2\r\n");
});
