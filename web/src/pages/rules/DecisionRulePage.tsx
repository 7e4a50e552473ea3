import { TextArea } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { type DecisionRule, LISTS } from "@/activities/decisionRules";
import { Note, Part } from "@/activities/fields/Stack";
import { useMay } from "@/api/useSession";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import { Found } from "@/ui/Found";
import { PageLink } from "@/ui/PageLink";
import { DocumentField } from "../templates/DocumentField";
import { EditorFrame } from "../templates/EditorFrame";
import type { Stored } from "../templates/templates";
import { useEdited } from "../templates/useEdited";
import {
  decisionRuleQuery,
  deleteDecisionRule,
  EMPTY_RULE,
  ruleBody,
  ruleDraft,
  saveDecisionRule,
} from "./decisionRules";
import styles from "./rules.module.css";
import { UsedBy } from "./UsedBy";

/** `new` as uid: one is made. */
export function DecisionRulePage() {
  const { uid } = useParams({ from: "/shell/rules/decision/$uid" });
  return uid === "new" ? <Editor key="new" stored={null} /> : <Known key={uid} uid={uid} />;
}

function Known({ uid }: { uid: string }) {
  const t = useT();
  return (
    <Found found={useQuery(decisionRuleQuery(uid))} title={t("rules.decision.one")}>
      {(stored) => <Editor stored={stored} />}
    </Found>
  );
}

function Editor({ stored }: { stored: Stored<DecisionRule> | null }) {
  const t = useT();
  const navigate = useNavigate();
  const mayWrite = useMay("journeys.write");
  const edited = useEdited(stored, EMPTY_RULE, EMPTY_RULE, {
    draftOf: ruleDraft,
    bodyOf: ruleBody,
    write: saveDecisionRule,
    remove: deleteDecisionRule,
    keyOf: (uid) => decisionRuleQuery(uid).queryKey,
    lists: LISTS,
    done: {
      saved: ({ name }) => t("rules.done.saved", { name }),
      deleted: ({ name }) => t("rules.done.deleted", { name }),
    },
    onMade: (uid) => void navigate({ to: "/rules/decision/$uid", params: { uid }, ignoreBlocker: true, replace: true }),
    onDeleted: () => void navigate({ to: "/rules", search: {}, ignoreBlocker: true }),
  });
  const { uid, draft, change } = edited;
  const usedIn = edited.held?.data.usedIn ?? 0;
  return (
    <EditorFrame
      edited={edited}
      title={edited.held?.data.name ?? t("rules.decision.new")}
      description={
        <PageLink to="/rules" search={{}}>
          {t("rules.title")}
        </PageLink>
      }
      saving={{ label: t("common.save"), variant: "accent" }}
      mayWrite={mayWrite}
      mayDelete={useMay("journeys.delete")}
      isWhole={draft.name.trim() !== "" && draft.expression.trim() !== ""}
      deleteDetail={t("rules.delete.decision.detail")}
      inTheWay={usedIn > 0 && uid !== null && <UsedBy uid={uid} />}
      error={edited.error}
    >
      <div className={styles.form}>
        <div className={styles.pair}>
          <DocumentField
            label={t("rules.column.name")}
            value={draft.name}
            onChange={(name) => change({ name })}
            maxLength={100}
            isRequired
            isReadOnly={!mayWrite}
            fault={edited.fault}
            path="$.name"
          />
          <DocumentField
            label={t("rules.tags")}
            description={t("rules.tags.detail")}
            value={draft.tags}
            onChange={(tags) => change({ tags })}
            isReadOnly={!mayWrite}
            fault={edited.fault}
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
    </EditorFrame>
  );
}
