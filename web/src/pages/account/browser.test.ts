import { expect, test } from "vitest";
import { browserOf } from "./browser";

test("browsers are known by what they alone say", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
  expect(browserOf(chrome)).toBe("Chrome, Linux");
  expect(browserOf(`${chrome.replace("X11; Linux x86_64", "Windows NT 10.0")} Edg/130.0`)).toBe("Edge, Windows");
  expect(browserOf("curl/8.5.0")).toBe("curl/8.5.0");
  expect(browserOf("")).toBe("");
});
