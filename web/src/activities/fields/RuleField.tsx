import { ActionButton, DialogContainer, Item, Link, Picker } from "@adobe/react-spectrum";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import type { FormProps } from "../kind";
import type { Path } from "../paths";
import { canBeShared, withExpression, withRule } from "../rulePaths";
import { useReferences } from "../useReferences";
import { textOf } from "../ways";
import { ReferencePicker } from "./ReferencePicker";
import { SaveRuleDialog } from "./SaveRuleDialog";
import { Note } from "./Stack";

interface Props extends Pick<FormProps, "document" | "nodeId" | "isReadOnly"> {
  path: Path;
  onChange: (changes: Record<string, unknown>) => void;
}

/** When a path is taken: a condition written here, or a decision rule that journeys share. */
export function RuleField({ path, document, nodeId, onChange, isReadOnly }: Props) {
  const t = useT();
  const mayWrite = useMay("journeys.write");
  const { decisionRules } = useReferences();
  const [isSaving, setSaving] = useState(false);
  const isShared = path.rule !== undefined;
  const expression = textOf(path.expression);
  const chosen = decisionRules.find((rule) => rule.uid === path.rule);
  const maySave = mayWrite && !isReadOnly && canBeShared(expression);
  return (
    <>
      <Picker
        label={t("activities.rule.source")}
        items={(["own", "shared"] as const).map((id) => ({ id, name: t(`activities.rule.${id}`) }))}
        selectedKey={isShared ? "shared" : "own"}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => {
          if ((key === "shared") === isShared) return;
          onChange(isShared ? withExpression(chosen?.expression ?? "") : withRule(""));
        }}
        width="100%"
      >
        {(item) => <Item>{item.name}</Item>}
      </Picker>
      {isShared ? (
        <>
          <ReferencePicker
            label={t("activities.rule")}
            list="decisionRules"
            choices={decisionRules.map(({ uid, name, description }) => ({
              id: uid,
              name,
              detail: description === "" ? undefined : description,
            }))}
            value={textOf(path.rule)}
            onChange={(uid) => onChange(withRule(uid))}
            isReadOnly={isReadOnly}
            href="/rules/decision/new"
          />
          {chosen !== undefined && (
            <Note>
              <code>{chosen.expression}</code> ·{" "}
              <Link href={`/rules/decision/${encodeURIComponent(chosen.uid)}`} target="_blank">
                {t("activities.reference.open", { name: chosen.name })}
              </Link>
            </Note>
          )}
        </>
      ) : (
        <>
          <ExpressionField
            label={t("activities.condition.expression")}
            value={expression}
            onChange={(text) => onChange(withExpression(text))}
            place={{ document, nodeId }}
            expects="boolean"
            isReadOnly={isReadOnly}
            isRequired
          />
          {maySave && (
            <div>
              <ActionButton onPress={() => setSaving(true)}>{t("activities.rule.save")}</ActionButton>
            </div>
          )}
        </>
      )}
      <DialogContainer onDismiss={() => setSaving(false)}>
        {isSaving && (
          <SaveRuleDialog
            expression={expression}
            name={path.label ?? ""}
            onSaved={(uid) => onChange(withRule(uid))}
            onClose={() => setSaving(false)}
          />
        )}
      </DialogContainer>
    </>
  );
}
