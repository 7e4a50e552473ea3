import { Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { Facts } from "@/ui/Facts";
import { MailFrame } from "@/ui/MailFrame";
import { RemoteImages } from "@/ui/RemoteImages";
import styles from "./Template.module.css";
import type { Previewed } from "./templates";

/** A message as its reader sees it. */
export function PreviewMessage({ message }: { message: Previewed }) {
  if (message.channel === "email") return <Email message={message} />;
  if (message.channel === "sms") return <Sms message={message} />;
  return <Push message={message} />;
}

function Email({ message }: { message: Previewed }) {
  const t = useT();
  const [showsRemote, setShowsRemote] = useState(false);
  const { html = "" } = message;
  const views = message.html === undefined ? (["text"] as const) : (["desktop", "phone", "text"] as const);
  const frame = (width: "desktop" | "phone") => (
    <div className={styles.stage}>
      <MailFrame
        title={t(`templates.view.${width}`)}
        className={styles.frame}
        width={width}
        html={html}
        showsRemote={showsRemote}
      />
    </div>
  );
  return (
    <div>
      <p className={styles.mail}>
        {message.fromName && <small>{message.fromName}</small>}
        <strong>{message.subject}</strong>
        {message.preheader && <small>{message.preheader}</small>}
      </p>
      <RemoteImages html={html} isOn={showsRemote} onChange={setShowsRemote} />
      <Tabs aria-label={t("templates.preview")} items={views.map((id) => ({ id }))} density="compact">
        <TabList>{(view: { id: string }) => <Item>{t(`templates.view.${view.id}`)}</Item>}</TabList>
        <TabPanels marginTop="size-100">
          {(view: { id: string }) => (
            <Item>
              {view.id === "text" ? (
                <section aria-label={t("templates.view.text")} className={styles.stage}>
                  {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
                  <pre className={styles.text} tabIndex={0}>
                    {message.text}
                  </pre>
                </section>
              ) : (
                frame(view.id === "phone" ? "phone" : "desktop")
              )}
            </Item>
          )}
        </TabPanels>
      </Tabs>
      {message.attachments.length > 0 && (
        <ul aria-label={t("templates.attachments")}>
          {message.attachments.map((one) => (
            <li key={one.url}>{one.name}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Sms({ message }: { message: Previewed }) {
  const t = useT();
  const { length } = message;
  return (
    <>
      <div className={styles.phone}>
        <div className={styles.bubble}>{message.body}</div>
      </div>
      {length && (
        <Facts
          facts={[
            [t("templates.sms.segments"), length.segments],
            [t("templates.sms.units"), length.units],
            [t("templates.sms.left"), length.left],
            [t("templates.sms.encoding"), length.encoding],
            ...(length.notGsm7 ? [[t("templates.sms.notGsm7"), [...length.notGsm7].join(" ")] as const] : []),
          ]}
        />
      )}
    </>
  );
}

function Push({ message }: { message: Previewed }) {
  const t = useT();
  return (
    <>
      <div className={styles.phone}>
        <div className={styles.notice}>
          <strong>{message.title}</strong>
          {message.body}
        </div>
      </div>
      <Facts
        facts={[
          ...(message.link ? [[t("templates.field.link"), message.link] as const] : []),
          ...(message.image ? [[t("templates.field.image"), message.image] as const] : []),
          ...Object.entries(message.data ?? {}).map(([name, value]) => [name, value] as const),
        ]}
      />
    </>
  );
}
