import { useT } from "@/i18n/useT";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { textOf } from "../ways";
import { ReferencePicker } from "./ReferencePicker";

/** The rule set of the channel domain that what the activity sends is under, beside the global one. */
export function RuleSetPicker({ node, onChange, isReadOnly }: FormProps) {
  const t = useT();
  const { ruleSets } = useReferences();
  const channel = ruleSets.filter((set) => set.domain === "channel" && !set.isGlobal);
  return (
    <ReferencePicker
      label={t("activities.ruleSet")}
      list="ruleSets"
      choices={channel.map(({ uid, name, state }) => ({
        id: uid,
        name,
        detail: state === "active" ? undefined : t("activities.ruleSet.inactive"),
      }))}
      value={textOf(node.ruleSet)}
      onChange={(uid) => onChange(withMembers(node, { ruleSet: uid === "" ? undefined : uid }))}
      isReadOnly={isReadOnly}
      href="/rules/sets/new"
      isOptional
    />
  );
}
