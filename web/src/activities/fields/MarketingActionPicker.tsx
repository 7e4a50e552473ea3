import { useT } from "@/i18n/useT";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { textOf } from "../ways";
import { ReferencePicker } from "./ReferencePicker";
import { Note } from "./Stack";

/** What the data is used for, beside the marketing action of the action or channel. */
export function MarketingActionPicker({ node, onChange, isReadOnly }: FormProps) {
  const t = useT();
  const { marketingActions } = useReferences();
  const value = textOf(node.additionalMarketingAction);
  const set = (name: string) =>
    onChange(withMembers(node, { additionalMarketingAction: name === "" ? undefined : name }));
  return (
    <div>
      <ReferencePicker
        label={t("activities.marketingAction")}
        list="marketingActions"
        choices={marketingActions.map(({ name, description, isCore }) => ({
          id: name,
          name,
          detail: isCore ? t(`governance.action.${name}`) : description,
        }))}
        value={value}
        onChange={set}
        isReadOnly={isReadOnly}
        href="/usage-policies?tab=marketingActions"
        isOptional
      />
      {value !== "" && <Note>{t("activities.marketingAction.detail")}</Note>}
    </div>
  );
}
