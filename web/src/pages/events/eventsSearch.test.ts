import { expect, test } from "vitest";
import { matching, readEventSearch, readEventsSearch } from "./eventsSearch";

test("an address keeps what is known and drops the rest", () => {
  expect(readEventsSearch({ q: "order", type: "business", page: "2" })).toEqual({
    q: "order",
    type: "business",
    page: 2,
  });
  expect(readEventsSearch({ q: "", type: "other", page: -1 })).toEqual({});
  expect(readEventSearch({ tab: "send" })).toEqual({ tab: "send" });
  expect(readEventSearch({ tab: "none" })).toEqual({});
});

test("every word must be in the name or the description, and the type must be the one asked for", () => {
  const events = [
    { name: "OrderPlaced", description: "A customer bought", type: "unitary" },
    { name: "StockLow", type: "business" },
  ];
  expect(matching(events, { q: "BOUGHT order" }).map((one) => one.name)).toEqual(["OrderPlaced"]);
  expect(matching(events, { type: "business" }).map((one) => one.name)).toEqual(["StockLow"]);
  expect(matching(events, { q: "order", type: "business" })).toEqual([]);
  expect(matching(events, {})).toEqual(events);
});
