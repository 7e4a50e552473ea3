import { send } from "./client";

/** One server-sent event. */
export interface ServerEvent {
  event: string;
  data: string;
}

/** Every event of a stream until it ends or `signal` aborts. body: is posted. Throws ApiError when it can't be opened. */
export async function* listen(path: string, signal: AbortSignal, body?: unknown): AsyncGenerator<ServerEvent> {
  const accept = { accept: "text/event-stream" };
  const posted = {
    method: "POST",
    body: JSON.stringify(body),
    headers: { ...accept, "content-type": "application/json" },
  };
  const response = await send(path, { signal, ...(body === undefined ? { headers: accept } : posted) });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield* parser.push(value);
  }
}

/** Cuts a text/event-stream into events, however it is cut into chunks. */
export class EventParser {
  private rest = "";

  push(chunk: string): ServerEvent[] {
    this.rest += chunk;
    const blocks = this.rest.split(/\r?\n\r?\n/);
    this.rest = blocks.pop() ?? "";
    return blocks.map(parse).filter((event) => event !== null);
  }
}

function parse(block: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length === 0 ? null : { event, data: data.join("\n") };
}
