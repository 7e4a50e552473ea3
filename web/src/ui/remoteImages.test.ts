import { expect, test } from "vitest";
import { hasRemoteImages } from "./remoteImages";

test.each([
  ['<img src="https://shop.example/a.png">', true],
  ["<td BACKGROUND=https://shop.example/a.png>", true],
  ["<p style=\"background: url( 'https://shop.example/a.png')\">", true],
  ['<img srcset="https://shop.example/a.png 2x">', true],
  ['<a href="https://shop.example">shop</a>', false],
  ['<img src="data:image/png;base64,AAAA">', false],
  ['<img src="http://shop.example/a.png">', false],
])("%s", (html, expected) => {
  expect(hasRemoteImages(html)).toBe(expected);
});
