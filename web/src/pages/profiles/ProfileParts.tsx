import { ActionButton } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n/useT";
import { Code } from "@/ui/Code";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { eventsQuery, membershipsQuery, sentQuery, traceQuery } from "./profiles";

interface Props {
  namespace: string;
  id: string;
}

const None = ({ area }: { area: string }) => {
  const t = useT();
  return <Empty kind="profiles" title={t(`profiles.none.${area}`)} detail={t("profiles.none.detail")} />;
};

/** The person's events, the latest first. */
export function Events({ namespace, id, nameOf }: Props & { nameOf: (dataset: string) => string }) {
  const t = useT();
  const search = useSearch({ from: "/shell/profiles" });
  const navigate = useNavigate();
  const events = useQuery(eventsQuery(namespace, id, search.start));
  if (events.isPending) return <Loading />;
  if (events.error) return <ErrorNotice error={events.error} />;
  const next = events.data._page.next;
  const go = (start: string | undefined) => void navigate({ to: "/profiles", search: { ...search, start } });
  if (events.data.children.length === 0) return <None area="events" />;
  return (
    <>
      <FigureTable
        stacks
        caption={t("profiles.tab.events")}
        columns={[
          { id: "at", name: t("profiles.at"), isText: true },
          { id: "type", name: t("profiles.eventType"), isText: true },
          { id: "dataset", name: t("profiles.sources"), isText: true },
          { id: "body", name: t("profiles.body"), isText: true },
        ]}
        rows={events.data.children.map((one) => ({
          id: one.entityId,
          cells: {
            at: <Time value={one.timestamp} />,
            type: one.entity.eventType ?? "–",
            dataset: one.sources.map(nameOf).join(", "),
            body: (
              <details>
                <summary>{one.entityId}</summary>
                <Code label={one.entityId} value={one.entity} />
              </details>
            ),
          },
        }))}
      />
      {search.start !== undefined && (
        <ActionButton onPress={() => go(undefined)}>{t("profiles.events.latest")}</ActionButton>
      )}
      {next && <ActionButton onPress={() => go(next)}>{t("profiles.events.older")}</ActionButton>}
    </>
  );
}

/** The journeys that the person is or was in, with the way through each. */
export function Journeys({ namespace, id }: Props) {
  const t = useT();
  const trace = useQuery(traceQuery(namespace, id));
  if (trace.isPending) return <Loading />;
  if (trace.error) return <ErrorNotice error={trace.error} />;
  if (trace.data.instances.length === 0) return <None area="journeys" />;
  return (
    <FigureTable
      stacks
      caption={t("profiles.tab.journeys")}
      columns={[
        { id: "journey", name: t("profiles.journey"), isText: true },
        { id: "status", name: t("profiles.status"), isText: true },
        { id: "entered", name: t("profiles.entered"), isText: true },
        { id: "way", name: t("profiles.way"), isText: true },
      ]}
      rows={trace.data.instances.map((one) => ({
        id: one.id,
        cells: {
          journey: (
            <PageLink to="/journeys/$uid" params={{ uid: one.journeyUid }}>
              {one.journey}
            </PageLink>
          ),
          status: one.status,
          entered: <Time value={one.enteredAtUs / 1_000} />,
          way: (
            <details>
              <summary>{t("profiles.steps", { count: one.steps.length })}</summary>
              <ol>
                {one.steps.map((step) => (
                  <li key={step.seq}>
                    <Time value={step.atUs / 1_000} /> · {step.nodeName ?? step.nodeType} · {step.stepStatus}
                    {step.transition ? ` → ${step.transition}` : ""}
                  </li>
                ))}
              </ol>
            </details>
          ),
        },
      }))}
    />
  );
}

/** The audiences that the person is or was in. */
export function Audiences({ namespace, id }: Props) {
  const t = useT();
  const memberships = useQuery(membershipsQuery(namespace, id));
  if (memberships.isPending) return <Loading />;
  if (memberships.error) return <ErrorNotice error={memberships.error} />;
  if (memberships.data.length === 0) return <None area="audiences" />;
  return (
    <FigureTable
      stacks
      caption={t("profiles.tab.audiences")}
      columns={[
        { id: "id", name: t("profiles.audience"), isText: true },
        { id: "status", name: t("profiles.status"), isText: true },
        { id: "at", name: t("profiles.at"), isText: true },
      ]}
      rows={memberships.data.map((one) => ({
        id: one.audienceId,
        cells: {
          id: one.audienceId,
          status: one.status,
          at: one.lastQualificationTime ? <Time value={one.lastQualificationTime} /> : "–",
        },
      }))}
    />
  );
}

/** Messages to the address that the person was looked up by. */
export function Messages({ address }: { address: string }) {
  const t = useT();
  const sent = useQuery(sentQuery(address));
  if (sent.isPending) return <Loading />;
  if (sent.error) return <ErrorNotice error={sent.error} />;
  if (sent.data.results.length === 0) return <None area="messages" />;
  return (
    <FigureTable
      stacks
      caption={t("profiles.tab.messages")}
      columns={[
        { id: "template", name: t("profiles.template"), isText: true },
        { id: "channel", name: t("profiles.channel"), isText: true },
        { id: "status", name: t("profiles.status"), isText: true },
        { id: "at", name: t("profiles.at"), isText: true },
      ]}
      rows={sent.data.results.map((one) => ({
        id: one.messageId,
        cells: {
          template: one.templateName ?? one.messageId,
          channel: one.channel,
          status: [one.status, one.reason].filter(Boolean).join(": "),
          at: <Time value={one.at} />,
        },
      }))}
    />
  );
}
