import { expect, test } from "vitest";
import { shortName } from "./shortName";

test("people keep their address, long client ids are cut", () => {
  expect(shortName("ada@example.com")).toBe("ada@example.com");
  expect(shortName("parcours")).toBe("parcours");
  expect(shortName("crm@techacct.parcours")).toBe("crm");
  expect(shortName("e08b9758e9301fcfdb51f6d9d2e24191@techacct.parcours")).toBe("e08b9758e930…");
});
