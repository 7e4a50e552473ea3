import { ReferencePicker } from "@/activities/fields/ReferencePicker";
import { useReferences } from "@/activities/useReferences";
import { useT } from "@/i18n/useT";

interface Props {
  /** Its uid; empty for none. */
  value: string;
  onChange: (uid: string) => void;
  isReadOnly: boolean;
}

/** The rule set of the journey domain that entrances are under, beside the global one. */
export function JourneyRuleSet({ value, onChange, isReadOnly }: Props) {
  const t = useT();
  const { ruleSets } = useReferences();
  return (
    <ReferencePicker
      label={t("designer.properties.ruleSet")}
      list="ruleSets"
      choices={ruleSets
        .filter((set) => set.domain === "journey" && !set.isGlobal)
        .map(({ uid, name, state }) => ({
          id: uid,
          name,
          detail: state === "active" ? undefined : t("activities.ruleSet.inactive"),
        }))}
      value={value}
      onChange={onChange}
      isReadOnly={isReadOnly}
      href="/rules/sets/new"
      isOptional
    />
  );
}
