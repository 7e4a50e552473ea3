import { Content, Heading, InlineAlert } from "@adobe/react-spectrum";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { PageLink } from "@/ui/PageLink";
import { versionPath } from "./addresses";
import styles from "./WaitingNotice.module.css";

interface Waiting {
  journeyUid: string;
  versionUid: string;
  name: string;
  version: string;
  request: { requestedBy: string };
}

const MAX_NAMED = 5;
const waitingQuery = queryOptions({
  queryKey: ["journeys", "waiting"],
  queryFn: async () =>
    (await call<{ results: Waiting[] }>("GET", "/journey/orchestration/approvalRequests?mine=true")).results,
  refetchInterval: 30_000,
});

/** The versions that wait for one's approval; nothing where there are none. */
export function WaitingNotice() {
  const t = useT();
  const mayApprove = useMay("journeys.approve");
  const { data = [] } = useQuery({ ...waitingQuery, enabled: mayApprove });
  if (data.length === 0) return null;
  return (
    <InlineAlert variant="notice" marginBottom="size-200" width="100%">
      <Heading level={2}>{t("approvals.waiting.title", { count: data.length })}</Heading>
      <Content>
        <ul className={styles.waiting}>
          {data.slice(0, MAX_NAMED).map((one) => (
            <li key={one.versionUid}>
              <PageLink to={versionPath(one.journeyUid, one.versionUid)}>
                {t("approvals.waiting.one", { name: one.name, version: one.version, who: one.request.requestedBy })}
              </PageLink>
            </li>
          ))}
        </ul>
      </Content>
    </InlineAlert>
  );
}
