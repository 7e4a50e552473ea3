import type { MessageReport } from "./report";

export const CHANNELS = ["email", "sms", "push"] as const;
export const STATUSES = [
  "sent",
  "delivered",
  "opened",
  "clicked",
  "bounced",
  "failed",
  "unsubscribed",
  "complained",
] as const;

export type ChannelCounts = Record<string, Record<string, number>>;

/** Messages by channel and what happened to them; the channel is told by the document's activities. */
export function byChannel(report: MessageReport, document: unknown): ChannelCounts {
  const nodes = (document as { nodes?: Record<string, { channel?: unknown }> } | null)?.nodes ?? {};
  const found: ChannelCounts = {};
  for (const [nodeId, statuses] of Object.entries(report.nodes)) {
    const channel = String(nodes[nodeId]?.channel ?? "other");
    found[channel] ??= {};
    const counts = found[channel];
    for (const [status, told] of Object.entries(statuses)) {
      const messages = (told as { messages?: unknown }).messages;
      if (typeof messages === "number") counts[status] = (counts[status] ?? 0) + messages;
    }
  }
  return found;
}
