import type { Configuration, ConfigurationDocument, SettingValue } from "./channels";
import type { Channel } from "./search";

/** What stands for a stored secret, in both directions. */
export const MASK = "********";

export type FieldKind = "text" | "area" | "secret" | "secretArea" | "number" | "switch" | "words" | "security";

export interface ProviderField {
  name: string;
  kind: FieldKind;
  isRequired?: boolean;
  /** What counts when nothing is given. */
  usual?: string;
  /** Least and most of a number. */
  range?: readonly [number, number];
  isOn?: boolean;
}

export interface Provider {
  kind: string;
  channels: readonly Channel[];
  groups: readonly { id: string; fields: readonly ProviderField[] }[];
}

export const SECURITY = ["starttls", "tls", "none"] as const;

const text = (name: string, usual?: string): ProviderField => ({ name, kind: "text", usual });
const needed = (field: ProviderField): ProviderField => ({ ...field, isRequired: true });
const secret = (name: string): ProviderField => ({ name, kind: "secret" });
const key = (name: string): ProviderField => ({ name, kind: "secretArea" });
const number = (name: string, least: number, most: number, usual?: number): ProviderField => ({
  name,
  kind: "number",
  range: [least, most],
  usual: usual === undefined ? undefined : String(usual),
});
const onOff = (name: string, isOn: boolean): ProviderField => ({ name, kind: "switch", isOn });

/** docs/reference/{channels,sms,push}.md: the settings of each kind of provider. */
export const PROVIDERS: readonly Provider[] = [
  { kind: "inbox", channels: ["email", "sms", "push"], groups: [] },
  {
    kind: "smtp",
    channels: ["email"],
    groups: [
      {
        id: "server",
        fields: [
          needed(text("host")),
          number("port", 1, 65_535),
          { name: "security", kind: "security" },
          text("username"),
          secret("password"),
          text("returnPath"),
          text("helo"),
          { name: "caCertificate", kind: "area" },
        ],
      },
      {
        id: "pace",
        fields: [
          number("maxConnections", 1, 100, 10),
          number("messagesPerConnection", 1, 10_000, 100),
          number("timeoutSeconds", 1, 300, 30),
        ],
      },
      { id: "dkim", fields: [text("dkimSelector"), text("dkimDomain"), key("dkimPrivateKey")] },
      {
        id: "bounces",
        fields: [
          text("bounceHost"),
          number("bouncePort", 1, 65_535, 993),
          text("bounceUsername"),
          secret("bouncePassword"),
          text("bounceFolder", "INBOX"),
          number("bouncePollSeconds", 5, 86_400, 60),
        ],
      },
    ],
  },
  {
    kind: "twilio",
    channels: ["sms"],
    groups: [
      {
        id: "account",
        fields: [
          needed(text("accountSid")),
          needed(secret("authToken")),
          text("apiKeySid"),
          secret("apiKeySecret"),
          text("messagingServiceSid"),
          text("baseUrl", "https://api.twilio.com"),
        ],
      },
      {
        id: "sms",
        fields: [
          number("maxSegments", 1, 24, 10),
          number("validitySeconds", 1, 36_000),
          onOff("receipts", true),
          onOff("smartEncoding", false),
          { name: "stopWords", kind: "words" },
          text("helpText"),
        ],
      },
    ],
  },
  {
    kind: "push",
    channels: ["push"],
    groups: [
      { id: "fcm", fields: [key("fcmServiceAccount"), text("fcmUrl", "https://fcm.googleapis.com")] },
      {
        id: "apns",
        fields: [
          key("apnsKey"),
          text("apnsKeyId"),
          text("apnsTeamId"),
          text("apnsTopic"),
          text("apnsUrl", "https://api.push.apple.com"),
          { name: "caCertificate", kind: "area" },
        ],
      },
      { id: "webPush", fields: [key("vapidPrivateKey"), text("vapidSubject")] },
      { id: "pace", fields: [number("ttlSeconds", 0, 2_419_200, 259_200), number("timeoutSeconds", 1, 300, 10)] },
    ],
  },
];

export const SENDER: Record<Channel, readonly string[]> = {
  email: ["address", "name", "replyTo"],
  sms: ["from"],
  push: [],
};

export const providersOf = (channel: Channel) => PROVIDERS.filter((one) => one.channels.includes(channel));

export const EMPTY_CONFIGURATION: ConfigurationDocument = {
  name: "",
  description: "",
  channel: "email",
  provider: { kind: "inbox", settings: {} },
  sender: {},
  tracking: { opens: true, links: true },
  unsubscribe: true,
  retrySeconds: 30,
  softBounces: 5,
  feedbackSecret: null,
  isDefault: false,
};

/** A configuration as it is edited. */
export function editable(stored: Configuration): ConfigurationDocument {
  const { name, description, channel, provider, sender, tracking, unsubscribe } = stored;
  const { retrySeconds, softBounces, feedbackSecret, isDefault } = stored;
  const told = { name, description, channel, provider, sender, tracking, unsubscribe };
  return { ...told, retrySeconds, softBounces, feedbackSecret, isDefault };
}

const isGiven = (value: SettingValue) =>
  typeof value === "number" ? Number.isFinite(value) : Array.isArray(value) ? value.length > 0 : value !== "";

/** The document to be saved: what was left empty is left out, and nothing of another kind of provider. */
export function configurationBody(draft: ConfigurationDocument): ConfigurationDocument {
  const provider = PROVIDERS.find((one) => one.kind === draft.provider.kind);
  const known = new Set(provider?.groups.flatMap((group) => group.fields.map((field) => field.name)) ?? []);
  const settings = Object.fromEntries(
    Object.entries(draft.provider.settings).filter(([name, value]) => known.has(name) && isGiven(value)),
  );
  const sender = Object.fromEntries(
    SENDER[draft.channel].map((name) => [name, draft.sender[name] ?? ""]).filter(([, value]) => value !== ""),
  );
  const tracking = draft.channel === "email" ? draft.tracking : { opens: false, links: false };
  const feedbackSecret = draft.feedbackSecret === "" ? null : draft.feedbackSecret;
  return { ...draft, provider: { kind: draft.provider.kind, settings }, sender, tracking, feedbackSecret };
}
