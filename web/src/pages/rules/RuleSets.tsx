import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { Empty } from "@/ui/Empty";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FigureTable } from "@/ui/FigureTable";
import { Light } from "@/ui/Light";
import { Loading } from "@/ui/Loading";
import { PageLink } from "@/ui/PageLink";
import { RowMenu } from "@/ui/RowMenu";
import { useAct } from "@/ui/useAct";
import { deleteRuleSet, LISTS, type RuleSet, ruleSetsQuery, setRuleSetState } from "./ruleSets";

const COLUMNS = ["name", "domain", "state", "rules", "usedIn", "actions"] as const;

/** Limits that journeys and messages are under together. create: shown again where there is none yet. */
export function RuleSets({ create }: { create: ReactNode }) {
  const t = useT();
  const mayWrite = useMay("frequency_rules.write");
  const mayDelete = useMay("frequency_rules.delete");
  const sets = useQuery(ruleSetsQuery);
  const [asked, setAsked] = useState<RuleSet | null>(null);
  const turn = useAct(
    ({ set, verb }: { set: RuleSet; verb: "activate" | "deactivate" }) => setRuleSetState(set.uid, verb),
    { invalidates: LISTS, done: (_, { set, verb }) => t(`rules.done.${verb}`, { name: set.name }) },
  );
  const remove = useAct((set: RuleSet) => deleteRuleSet(set.uid), {
    invalidates: LISTS,
    done: (_, set) => t("rules.done.deleted", { name: set.name }),
  });
  if (sets.error) return <ErrorNotice error={sets.error} onRetry={() => void sets.refetch()} />;
  if (sets.data === undefined) return <Loading />;
  if (sets.data.length === 0) {
    return (
      <Empty kind="rules" title={t("rules.empty.sets.title")} detail={t("rules.empty.sets.detail")} action={create} />
    );
  }
  return (
    <>
      <FigureTable
        isWhole
        stacks
        caption={t("rules.tab.sets")}
        columns={COLUMNS.map((id) => ({
          id,
          name: t(`rules.column.${id}`),
          isText: id !== "usedIn",
          isUnnamed: id === "actions",
        }))}
        rows={sets.data.map((set) => ({
          id: set.uid,
          detail: set.description,
          cells: {
            name: (
              <PageLink to="/rules/sets/$uid" params={{ uid: set.uid }}>
                {set.name}
              </PageLink>
            ),
            domain: t(set.isGlobal ? `rules.domain.${set.domain}.global` : `rules.domain.${set.domain}`),
            state: (
              <Light tone={set.state === "active" ? "positive" : "neutral"}>{t(`rules.state.${set.state}`)}</Light>
            ),
            rules: set.rules.map((rule) => rule.name).join(", ") || "–",
            usedIn: set.isGlobal ? t("rules.usedIn.all") : set.usedIn,
            actions: (
              <RowMenu
                name={set.name}
                items={[
                  { id: "activate", name: t("rules.activate"), isOffered: mayWrite && set.state !== "active" },
                  { id: "deactivate", name: t("rules.deactivate"), isOffered: mayWrite && set.state === "active" },
                  { id: "delete", name: t("common.delete"), isOffered: mayDelete },
                ]}
                onAction={(id) => (id === "delete" ? setAsked(set) : turn.mutate({ set, verb: id }))}
              />
            ),
          },
        }))}
      />
      <Asked
        isOpen={asked !== null}
        title={t("common.delete.title", { name: asked?.name ?? "" })}
        confirm={t("common.delete")}
        onConfirm={() => asked !== null && remove.mutate(asked)}
        onClose={() => setAsked(null)}
      >
        {t("rules.delete.sets.detail")}
      </Asked>
    </>
  );
}
