import { expect, test } from "vitest";
import { EventParser } from "./events";

test("events are the same however the stream is cut", () => {
  const stream = 'event: counts\ndata: {"a":1}\n\n: comment\n\ndata: one\ndata: two\r\n\r\n';
  for (let cut = 1; cut < stream.length; cut++) {
    const parser = new EventParser();
    const found = [...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))];
    expect(found).toEqual([
      { event: "counts", data: '{"a":1}' },
      { event: "message", data: "one\ntwo" },
    ]);
  }
});
