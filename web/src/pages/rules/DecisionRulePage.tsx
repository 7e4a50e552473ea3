import { Button, TextArea } from "@adobe/react-spectrum";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { type DecisionRule, LISTS } from "@/activities/decisionRules";
import { Note, Part } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { tagsOf } from "@/designer/fragments/fragments";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import { Asked } from "@/ui/Asked";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { Leave } from "@/ui/Leave";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { PageLink } from "@/ui/PageLink";
import { Refused } from "@/ui/Refused";
import { useAct } from "@/ui/useAct";
import { DocumentField } from "../templates/DocumentField";
import type { Stored } from "../templates/templates";
import { useFaultOf } from "../templates/useFaultOf";
import { decisionRuleQuery, deleteDecisionRule, EMPTY_RULE, ruleBody, saveDecisionRule } from "./decisionRules";
import styles from "./rules.module.css";
import { UsedBy } from "./UsedBy";

/** `new` as uid: one is made. */
export function DecisionRulePage() {
  const { uid } = useParams({ from: "/shell/rules/decision/$uid" });
  return uid === "new" ? <Editor key="new" stored={null} /> : <Known key={uid} uid={uid} />;
}

function Known({ uid }: { uid: string }) {
  const t = useT();
  const found = useQuery(decisionRuleQuery(uid));
  if (found.data !== undefined) return <Editor stored={found.data} />;
  if (found.error) {
    return (
      <Page title={t("rules.decision.one")}>
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  return <Loading />;
}

function Editor({ stored }: { stored: Stored<DecisionRule> | null }) {
  const t = useT();
  const faultOf = useFaultOf();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayWrite = useMay("journeys.write");
  const mayDelete = useMay("journeys.delete");
  const [held, setHeld] = useState(stored);
  const before = held === null ? EMPTY_RULE : ruleBody(held.data);
  const [draft, setDraft] = useState(before);
  const [tags, setTags] = useState(before.tags.join(", "));
  const [isAsked, setAsked] = useState(false);
  const uid = held?.data.uid ?? null;
  const usedIn = held?.data.usedIn ?? 0;
  const body = { ...draft, tags: tagsOf(tags) };
  const isDirty = JSON.stringify(body) !== JSON.stringify(before);
  const isWhole = draft.name.trim() !== "" && draft.expression.trim() !== "";
  const save = useAct(() => saveDecisionRule(uid, body, held?.etag ?? ""), {
    invalidates: LISTS,
    showsError: true,
    done: t("rules.done.saved", { name: draft.name }),
    onDone: (answer) => {
      setHeld(answer);
      setDraft(ruleBody(answer.data));
      queries.setQueryData(decisionRuleQuery(answer.data.uid).queryKey, answer);
      if (uid === null) {
        const params = { uid: answer.data.uid };
        void navigate({ to: "/rules/decision/$uid", params, ignoreBlocker: true, replace: true });
      }
    },
  });
  const remove = useAct(() => deleteDecisionRule(uid ?? ""), {
    invalidates: LISTS,
    done: t("rules.done.deleted", { name: draft.name }),
    onDone: () => void navigate({ to: "/rules", search: {}, ignoreBlocker: true }),
  });
  const fault = faultOf(save.error);
  const change = (changed: Partial<typeof draft>) => {
    setDraft({ ...draft, ...changed });
    if (save.isError) save.reset();
  };
  return (
    <Page
      title={held?.data.name ?? t("rules.decision.new")}
      description={
        <PageLink to="/rules" search={{}}>
          {t("rules.title")}
        </PageLink>
      }
      actions={
        <>
          {uid !== null && mayDelete && (
            <Button variant="negative" onPress={() => setAsked(true)}>
              {t("common.delete")}
            </Button>
          )}
          {mayWrite && (
            <Button
              variant="accent"
              isDisabled={!isDirty || !isWhole}
              isPending={save.isPending}
              onPress={() => save.mutate()}
            >
              {t("common.save")}
            </Button>
          )}
        </>
      }
    >
      {save.error && <ErrorNotice error={save.error} />}
      <div className={styles.form}>
        <div className={styles.pair}>
          <DocumentField
            label={t("rules.column.name")}
            value={draft.name}
            onChange={(name) => change({ name })}
            maxLength={100}
            isRequired
            isReadOnly={!mayWrite}
            fault={fault}
            path="$.name"
          />
          <DocumentField
            label={t("rules.tags")}
            description={t("rules.tags.detail")}
            value={tags}
            onChange={setTags}
            isReadOnly={!mayWrite}
            fault={fault}
            path="$.tags"
          />
        </div>
        <TextArea
          label={t("rules.description")}
          value={draft.description}
          onChange={(description) => change({ description })}
          maxLength={4000}
          isReadOnly={!mayWrite}
          width="100%"
        />
        <ExpressionField
          label={t("rules.expression")}
          value={draft.expression}
          onChange={(expression) => change({ expression })}
          place={{}}
          expects="boolean"
          isReadOnly={!mayWrite}
          isRequired
        />
        <Note>
          {t("rules.expression.detail")} {usedIn > 0 && <strong>{t("rules.follow", { count: usedIn })}</strong>}
        </Note>
        {uid !== null && (
          <Part title={t("rules.journeys.title")}>
            <UsedBy uid={uid} />
          </Part>
        )}
      </div>
      <Asked
        isOpen={isAsked && usedIn === 0}
        title={t("rules.delete.title", { name: draft.name })}
        confirm={t("common.delete")}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsked(false)}
      >
        {t("rules.delete.decision.detail")}
      </Asked>
      <Refused
        isOpen={isAsked && usedIn > 0 && uid !== null}
        title={t("rules.delete.refused", { name: draft.name })}
        onClose={() => setAsked(false)}
      >
        <UsedBy uid={uid ?? ""} />
      </Refused>
      <Leave isDirty={isDirty} />
    </Page>
  );
}
