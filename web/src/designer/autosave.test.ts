// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "@/api/error";
import type { JourneyDocument } from "@/flow/document";
import { startAutosave, type Transport } from "./autosave";
import { createDraftStore } from "./draftStore";
import { recall } from "./unsaved";
import type { JourneyVersion } from "./version";

const start: JourneyDocument = { name: "Story", entry: { node: "a" }, nodes: { a: { type: "event" } } };

/** A server of one draft. */
class Server implements Transport {
  document = start;
  number = 1;
  failing: ApiError | null = null;
  saves = 0;

  get etag() {
    return `"${this.number}"`;
  }
  answer = () => ({ data: { document: this.document } as JourneyVersion, etag: this.etag });
  load = async () => this.answer();
  save = async (document: JourneyDocument, etag: string) => {
    if (this.failing) throw this.failing;
    if (etag !== this.etag) throw new ApiError(412, { title: "changed" });
    this.document = document;
    this.number++;
    this.saves++;
    return this.answer();
  };
  /** Somebody else saves. */
  changeBy(document: JourneyDocument) {
    this.document = document;
    this.number++;
  }
}

let server: Server;
let store: ReturnType<typeof createDraftStore>;
let saver: ReturnType<typeof startAutosave>;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  server = new Server();
  store = createDraftStore(start, server.etag, false);
  saver = startAutosave("v1", store, server);
});
afterEach(() => {
  saver.stop();
  vi.useRealTimers();
});

const rename = (name: string) => store.getState().change({ ...store.getState().document, name }, "name");

test("a change is saved once, after typing has ended", async () => {
  for (const name of ["N", "Ne", "New"]) {
    rename(name);
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(server.saves).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([server.saves, server.document.name, store.getState().save.kind]).toEqual([1, "New", "saved"]);
  expect(recall("v1")).toBeNull();
  store.getState().undo();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.document.name).toBe("Story");
});

test("while the server is gone the page says so, the browser keeps the change, and it is saved when it is back", async () => {
  server.failing = new ApiError(0, "refused");
  rename("New");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.getState().save.kind).toBe("failed");
  expect(recall("v1")?.document.name).toBe("New");
  server.failing = null;
  await vi.advanceTimersByTimeAsync(5_000);
  expect([server.document.name, store.getState().save.kind]).toEqual(["New", "saved"]);
});

test("two people on one draft: neither loses work", async () => {
  rename("Mine");
  server.changeBy({ ...start, nodes: { ...start.nodes, b: { type: "wait" } } });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server.document).toEqual({ ...start, name: "Mine", nodes: { ...start.nodes, b: { type: "wait" } } });
  expect(store.getState().document).toEqual(server.document);
});

test("where both changed the same a person decides, and until then nothing is overwritten", async () => {
  rename("Mine");
  server.changeBy({ ...start, name: "Theirs" });
  await vi.advanceTimersByTimeAsync(3_000);
  const { save } = store.getState();
  expect(save.kind === "conflict" ? save.paths : save).toEqual(["name"]);
  rename("Mine too");
  await vi.advanceTimersByTimeAsync(3_000);
  expect([server.document.name, store.getState().document.name]).toEqual(["Theirs", "Mine too"]);
  if (save.kind !== "conflict") return;
  store.getState().adopt(save.theirs, save.etag);
  store.getState().setSave({ kind: "unsaved" });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.document.name).toBe("Mine too");
});

test("a change made while another is being saved is saved, too", async () => {
  rename("One");
  await vi.advanceTimersByTimeAsync(999);
  const saving = saver.flush();
  rename("Two");
  await saving;
  await vi.advanceTimersByTimeAsync(2_000);
  expect([server.document.name, server.saves]).toEqual(["Two", 2]);
});
