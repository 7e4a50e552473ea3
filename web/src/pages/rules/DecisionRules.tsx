import { Button, Flex, SearchField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useT } from "@/i18n/useT";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { Time } from "@/ui/Time";
import { useSearchText } from "@/ui/useSearchText";
import { decisionRulesQuery, matching } from "./decisionRules";
import styles from "./rules.module.css";

const COLUMNS = ["name", "expression", "usedIn", "modified"] as const;

/** The sandbox's conditions with a name. create: shown again where there is none yet. */
export function DecisionRules({ create }: { create: ReactNode }) {
  const t = useT();
  const search = useSearch({ from: "/shell/rules" });
  const navigate = useNavigate();
  const change = (q: string | undefined) => void navigate({ to: "/rules", search: { ...search, q }, replace: true });
  const [q, setQ] = useSearchText(search.q ?? "", (text) => change(text || undefined));
  const rules = useQuery(decisionRulesQuery);
  if (rules.error) return <ErrorNotice error={rules.error} onRetry={() => void rules.refetch()} />;
  if (rules.data === undefined) return <Loading />;
  if (rules.data.length === 0) {
    return (
      <Empty
        kind="rules"
        title={t("rules.empty.decision.title")}
        detail={t("rules.empty.decision.detail")}
        action={create}
      />
    );
  }
  const found = matching(rules.data, search.q);
  return (
    <>
      <Flex marginBottom="size-200">
        <SearchField label={t("rules.search")} value={q} onChange={setQ} onClear={() => setQ("")} />
      </Flex>
      {found.length === 0 ? (
        <Empty
          isSearch
          title={t("common.noneMatch.title")}
          detail={t("common.noneMatch.detail")}
          action={
            <Button variant="secondary" onPress={() => change(undefined)}>
              {t("common.clearFilters")}
            </Button>
          }
        />
      ) : (
        <FigureTable
          isWhole
          stacks
          caption={t("rules.tab.decision")}
          columns={COLUMNS.map((id) => ({ id, name: t(`rules.column.${id}`), isText: id !== "usedIn" }))}
          rows={found.map((rule) => ({
            id: rule.uid,
            detail: (rule.description !== "" || rule.tags.length > 0) && (
              <>
                {rule.description !== "" && <div>{rule.description}</div>}
                {rule.tags.length > 0 && <em>{rule.tags.join(" · ")}</em>}
              </>
            ),
            cells: {
              name: (
                <PageLink to="/rules/decision/$uid" params={{ uid: rule.uid }}>
                  {rule.name}
                </PageLink>
              ),
              expression: <code className={styles.expression}>{rule.expression}</code>,
              usedIn: rule.usedIn,
              modified: <Time value={rule.metadata.lastModifiedAt} />,
            },
          }))}
        />
      )}
    </>
  );
}
