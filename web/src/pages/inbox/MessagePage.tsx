import { Button, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useT } from "@/i18n/useT";
import { Code } from "@/ui/Code";
import { download } from "@/ui/download";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Facts } from "@/ui/Facts";
import { Loading } from "@/ui/Loading";
import { MailFrame } from "@/ui/MailFrame";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { RemoteImages } from "@/ui/RemoteImages";
import { Time } from "@/ui/Time";
import { fateQuery, keptQuery } from "./inbox";
import styles from "./MessagePage.module.css";

/** One message as its recipient would see it. */
export function MessagePage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/inbox/$uid" });
  const { tab = "shown" } = useSearch({ from: "/shell/inbox/$uid" });
  const navigate = useNavigate();
  const [showsRemote, setShowsRemote] = useState(false);
  const message = useQuery(keptQuery(uid));
  const fate = useQuery({ ...fateQuery(uid), enabled: tab === "fate" });
  if (message.isPending) return <Loading />;
  if (message.data === undefined) return <ErrorNotice error={message.error} />;
  const one = message.data;
  const { html, text, title, body } = one.content;
  const tabs = one.channel === "email" ? (["shown", "text", "headers", "fate"] as const) : (["shown", "fate"] as const);
  const { source } = one;
  return (
    <Page
      title={one.title || t("inbox.untitled")}
      description={<PageLink to="/inbox">{t("inbox.title")}</PageLink>}
      actions={
        source !== null && (
          <Button variant="secondary" onPress={() => download(`${one.messageId}.eml`, source, "message/rfc822")}>
            {t("inbox.source")}
          </Button>
        )
      }
    >
      <Facts
        facts={[
          [t("inbox.channel"), t(`inbox.channel.${one.channel}`)],
          [t("inbox.address"), one.address],
          [t("inbox.template"), one.templateName ?? "–"],
          [t("inbox.at"), <Time key="at" value={one.at} />],
        ]}
      />
      <Tabs
        aria-label={one.title}
        selectedKey={tab}
        onSelectionChange={(key) =>
          void navigate({ to: "/inbox/$uid", params: { uid }, search: { tab: tabs.find((known) => known === key) } })
        }
      >
        <TabList>
          {tabs.map((key) => (
            <Item key={key}>{t(`inbox.tab.${key}`)}</Item>
          ))}
        </TabList>
        <TabPanels>
          {tabs.map((key) => (
            <Item key={key}>
              {key === "shown" && one.channel === "email" && (
                <>
                  <RemoteImages html={html ?? ""} isOn={showsRemote} onChange={setShowsRemote} />
                  <MailFrame
                    className={styles.mail}
                    title={one.title || t("inbox.untitled")}
                    html={html ?? text ?? ""}
                    showsRemote={showsRemote}
                  />
                </>
              )}
              {key === "shown" && one.channel !== "email" && (
                <div className={styles.phone}>
                  <div className={styles.bubble}>
                    {title && <strong>{`${title}\n`}</strong>}
                    {body}
                  </div>
                </div>
              )}
              {key === "text" && <Code label={t("inbox.tab.text")} value={text ?? ""} />}
              {key === "headers" && (
                <Code
                  label={t("inbox.tab.headers")}
                  value={one.headers.map((header) => `${header.name}: ${header.value}`).join("\n")}
                />
              )}
              {key === "fate" &&
                (fate.error ? (
                  <ErrorNotice error={fate.error} />
                ) : (
                  <Code label={t("inbox.tab.fate")} value={fate.data ?? ""} />
                ))}
            </Item>
          ))}
        </TabPanels>
      </Tabs>
    </Page>
  );
}
