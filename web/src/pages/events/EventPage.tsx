import { Button, Flex, Item, TabList, TabPanels, Tabs } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Code } from "@/ui/Code";
import { CopyButton } from "@/ui/CopyButton";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Facts } from "@/ui/Facts";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Refused } from "@/ui/Refused";
import { useAct } from "@/ui/useAct";
import { deleteEvent, eventQuery, journeysOfEventQuery, payloadQuery } from "./events";
import { TABS } from "./eventsSearch";
import { RelatedFact } from "./RelatedFact";
import { Requests } from "./Requests";
import { SendTest } from "./SendTest";

/** One event configuration: what it is, what senders post, and who uses it. */
export function EventPage() {
  const t = useT();
  const { uid } = useParams({ from: "/shell/events/$uid" });
  const { tab = "payload" } = useSearch({ from: "/shell/events/$uid" });
  const navigate = useNavigate();
  const mayWrite = useMay("journeys_events.write");
  const mayDelete = useMay("journeys_events.delete");
  const found = useQuery(eventQuery(uid));
  const [isAsked, setAsked] = useState(false);
  const remove = useAct(() => deleteEvent(uid), {
    invalidates: [["events", "list"], ["references"]],
    done: t("events.deleted"),
    onDone: () => void navigate({ to: "/events", search: {} }),
  });
  if (found.error) {
    return (
      <Page title={t("events.one")}>
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  const event = found.data;
  if (event === undefined) return <Loading />;
  return (
    <Page
      title={event.name}
      description={event.description}
      actions={
        <>
          {mayDelete && (
            <Button variant="negative" onPress={() => setAsked(true)}>
              {t("common.delete")}
            </Button>
          )}
          {mayWrite && (
            <>
              <Button variant="secondary" onPress={() => void navigate({ to: "/events/new", search: { from: uid } })}>
                {t("events.duplicate")}
              </Button>
              <Button variant="accent" onPress={() => void navigate({ to: "/events/$uid/edit", params: { uid } })}>
                {t("events.edit")}
              </Button>
            </>
          )}
        </>
      }
    >
      <Facts
        facts={[
          [t("events.column.type"), t(`events.type.${event.type}`)],
          [t("events.fact.idType"), t(`events.idType.${event.idType}`)],
          [t("events.fact.eventID"), event.eventID ? <code key="id">{event.eventID}</code> : "–"],
          [t("events.fact.condition"), event.idCondition ? <code key="if">{event.idCondition}</code> : "–"],
          [t("events.fact.schema"), <code key="schema">{event.schemaRef.id}</code>],
          [t("events.column.namespace"), event.namespace ?? "–"],
          [t("events.fact.key"), event.profileIdentifier ? <code key="key">{event.profileIdentifier}</code> : "–"],
          [
            t("events.fact.maxAge"),
            event.maxAgeSeconds === null ? t("events.anyAge") : t("events.seconds", { count: event.maxAgeSeconds }),
          ],
          [t("events.fact.fields"), <code key="fields">{event.fields.join(", ")}</code>],
          ...(event.related
            ? [
                [
                  t("events.fact.related"),
                  <RelatedFact key="related" schemaId={event.schemaRef.id} related={event.related} />,
                ] as const,
              ]
            : []),
        ]}
      />
      <Tabs
        aria-label={event.name}
        selectedKey={tab}
        onSelectionChange={(key) => {
          const next = TABS.find((one) => one === key);
          if (next !== tab) void navigate({ to: "/events/$uid", params: { uid }, search: { tab: next } });
        }}
      >
        <TabList>
          {TABS.map((one) => (
            <Item key={one}>{t(`events.tab.${one}`)}</Item>
          ))}
        </TabList>
        <TabPanels marginTop="size-200">
          <Item key="payload">
            <Payload uid={uid} />
          </Item>
          <Item key="requests">
            <Requests uid={uid} />
          </Item>
          <Item key="send">
            <SendTest uid={uid} />
          </Item>
          <Item key="journeys">
            <UsedBy uid={uid} />
          </Item>
        </TabPanels>
      </Tabs>
      <Asked
        isOpen={isAsked && event.usedIn === 0}
        title={t("events.delete.title", { name: event.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("events.delete.detail")}
      </Asked>
      <Refused
        isOpen={isAsked && event.usedIn > 0}
        title={t("events.delete.refused", { name: event.name })}
        onClose={() => setAsked(false)}
      >
        <UsedBy uid={uid} />
      </Refused>
    </Page>
  );
}

function Payload({ uid }: { uid: string }) {
  const t = useT();
  const { data, error, refetch } = useQuery(payloadQuery(uid, "types"));
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const text = JSON.stringify(data, null, 2);
  return (
    <Flex direction="column" gap="size-100">
      <div>
        <CopyButton text={text} label={t("common.copy")} isQuiet={false} />
      </div>
      <Code isCopyable={false} value={text} label={t("events.tab.payload")} />
    </Flex>
  );
}

function UsedBy({ uid }: { uid: string }) {
  const t = useT();
  const mayRead = useMay("journeys.read");
  const { data, error, refetch } = useQuery({ ...journeysOfEventQuery(uid), enabled: mayRead });
  if (!mayRead) return <p>{t("events.journeys.notYours")}</p>;
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (data.length === 0)
    return <Empty kind="journeys" title={t("events.journeys.empty")} detail={t("events.journeys.emptyDetail")} />;
  return (
    <>
      <p>{t("events.journeys.detail")}</p>
      <ul>
        {data.map((journey) => (
          <li key={journey.uid}>
            <PageLink to="/journeys/$uid" params={{ uid: journey.uid }}>
              {journey.name}
            </PageLink>{" "}
            {journey.versions.map((one) => `${one.version} (${one.status})`).join(", ")}
          </li>
        ))}
      </ul>
    </>
  );
}
