export const CHANNELS = ["email", "sms", "push"] as const;
export type Channel = (typeof CHANNELS)[number];
export const TABS = ["content", "versions"] as const;
export type Tab = (typeof TABS)[number];
export const CHANNEL_TABS = ["configurations", "suppressions"] as const;
export type ChannelTab = (typeof CHANNEL_TABS)[number];

export interface TemplatesSearch {
  q?: string;
  channel?: Channel;
  page?: number;
}

export interface TemplateSearch {
  tab?: Tab;
  /** Versions to compare. */
  from?: number;
  to?: number;
}

export interface NewTemplateSearch {
  /** Uid of the template it begins as a copy of. */
  from?: string;
}

export interface ChannelsSearch {
  tab?: ChannelTab;
  channel?: Channel;
  /** Of a suppressed address, whole. */
  address?: string;
  page?: number;
}

type Raw = Record<string, unknown>;

const channelOf = (raw: Raw) => CHANNELS.find((channel) => channel === raw.channel);
const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const pageOf = (raw: Raw) => {
  const page = Number(raw.page);
  return Number.isInteger(page) && page > 0 ? page : undefined;
};

/** Only what is known; everything else in the address is passed over. */
export const readTemplatesSearch = (raw: Raw): TemplatesSearch => ({
  q: textOf(raw.q),
  channel: channelOf(raw),
  page: pageOf(raw),
});

const versionOf = (value: unknown) => {
  const version = value === undefined || value === "" ? Number.NaN : Number(value);
  return Number.isInteger(version) && version >= 0 ? version : undefined;
};

export const readTemplateSearch = (raw: Raw): TemplateSearch => ({
  tab: TABS.find((tab) => tab === raw.tab),
  from: versionOf(raw.from),
  to: versionOf(raw.to),
});

export const readNewTemplateSearch = (raw: Raw): NewTemplateSearch => ({ from: textOf(raw.from) });

export const readChannelsSearch = (raw: Raw): ChannelsSearch => ({
  tab: CHANNEL_TABS.find((tab) => tab === raw.tab),
  channel: channelOf(raw),
  address: textOf(raw.address),
  page: pageOf(raw),
});

interface Searched {
  name: string;
  description?: string;
  channel: string;
}

/** Those of a channel whose name or description holds every word. */
export function matching<T extends Searched>(templates: readonly T[], { q = "", channel }: TemplatesSearch): T[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return templates.filter((one) => {
    const text = `${one.name} ${one.description ?? ""}`.toLowerCase();
    return (channel === undefined || one.channel === channel) && words.every((word) => text.includes(word));
  });
}
