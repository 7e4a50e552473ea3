import { useQuery } from "@tanstack/react-query";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { journeysOfActionQuery } from "./actions";

/** The journeys that use an action. */
export function UsedBy({ uid }: { uid: string }) {
  const t = useT();
  const mayRead = useMay("journeys.read");
  const { data, error, refetch } = useQuery({ ...journeysOfActionQuery(uid), enabled: mayRead });
  if (!mayRead) return <p>{t("actions.journeys.notYours")}</p>;
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (data.length === 0)
    return <Empty kind="journeys" title={t("actions.journeys.empty")} detail={t("actions.journeys.emptyDetail")} />;
  return (
    <>
      <p>{t("actions.journeys.detail")}</p>
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
