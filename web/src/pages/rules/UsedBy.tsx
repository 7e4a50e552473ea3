import { useQuery } from "@tanstack/react-query";
import { Note } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { journeysOfRuleQuery } from "./decisionRules";
import styles from "./rules.module.css";

/** The journeys that use a decision rule. */
export function UsedBy({ uid }: { uid: string }) {
  const t = useT();
  const { data, error, refetch } = useQuery(journeysOfRuleQuery(uid));
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  if (data.length === 0) return <Note>{t("rules.journeys.none")}</Note>;
  return (
    <div className={styles.users}>
      <p>{t("rules.journeys.detail")}</p>
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
    </div>
  );
}
