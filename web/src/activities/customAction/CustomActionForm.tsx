import { Disclosure, DisclosurePanel, DisclosureTitle } from "@adobe/react-spectrum";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import { DynamicValues } from "../fields/DynamicValues";
import styles from "../fields/fields.module.css";
import { Mappings } from "../fields/Mappings";
import { MarketingActionPicker } from "../fields/MarketingActionPicker";
import { ReferencePicker } from "../fields/ReferencePicker";
import { RuleSetPicker } from "../fields/RuleSetPicker";
import { Note, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { mappingsOf, parametersOfAction } from "../mappings";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { textOf } from "../ways";
import { previewOf } from "./preview";

/** Which action, and what it is called with. */
export function CustomActionForm(props: FormProps) {
  const { node, nodeId, document, onChange, isReadOnly } = props;
  const t = useT();
  const { actions } = useReferences();
  const action = actions.find((one) => one.uid === node.actionUid);
  return (
    <Stack>
      <ReferencePicker
        label={t("activities.customAction.name")}
        list="actions"
        choices={actions.map(({ uid, name, description }) => ({ id: uid, name, detail: description }))}
        value={textOf(node.actionUid)}
        onChange={(actionUid) => onChange(withMembers(node, { actionUid }))}
        isReadOnly={isReadOnly}
        href="/actions/new"
        openHref={action && `/actions/${action.uid}`}
      />
      {action !== undefined && (
        <>
          <Note>
            {action.method} {action.url}
          </Note>
          <Mappings {...props} parameters={parametersOfAction(action)} />
          <ExpressionField
            label={t("activities.customAction.path")}
            description={t("activities.customAction.path.help")}
            value={textOf(node.path)}
            onChange={(path) => onChange(withMembers(node, { path: path === "" ? undefined : path }))}
            place={{ document, nodeId }}
            expects="string"
            isReadOnly={isReadOnly}
          />
        </>
      )}
      <DynamicValues {...props} />
      <RuleSetPicker {...props} />
      <MarketingActionPicker {...props} />
      {action !== undefined && (
        <Disclosure isQuiet>
          <DisclosureTitle>{t("activities.customAction.preview")}</DisclosureTitle>
          <DisclosurePanel>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by key */}
            <pre className={styles.preview} tabIndex={0}>
              {previewOf(action, textOf(node.path), mappingsOf(node.parameters))}
            </pre>
          </DisclosurePanel>
        </Disclosure>
      )}
    </Stack>
  );
}
