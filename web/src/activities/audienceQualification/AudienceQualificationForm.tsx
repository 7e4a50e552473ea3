import { Checkbox, CheckboxGroup } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { AudiencePicker } from "../fields/AudiencePicker";
import { NamespacePicker } from "../fields/NamespacePicker";
import { Stack } from "../fields/Stack";
import { TimeoutField } from "../fields/TimeoutField";
import type { FormProps } from "../kind";
import { textsOf, withMembers } from "../members";
import { textOf } from "../ways";

/** Which audience, and whether entering or leaving it counts. */
export function AudienceQualificationForm(props: FormProps) {
  const { node, onChange, isReadOnly, document, nodeId } = props;
  const t = useT();
  const verbs = node.verbs === undefined ? ["enter"] : textsOf(node.verbs);
  const set = (changes: Record<string, unknown>) => onChange(withMembers(node, changes));
  return (
    <Stack>
      <AudiencePicker
        value={textOf(node.audienceId)}
        onChange={(audienceId) => set({ audienceId })}
        isReadOnly={isReadOnly}
      />
      <CheckboxGroup
        label={t("activities.audienceQualification.when")}
        value={verbs}
        isReadOnly={isReadOnly}
        validationState={verbs.length === 0 ? "invalid" : undefined}
        errorMessage={t("activities.problem.oneAtLeast")}
        onChange={(next) => set({ verbs: ["enter", "exit"].filter((verb) => next.includes(verb)) })}
      >
        <Checkbox value="enter">{t("activities.audienceQualification.enter")}</Checkbox>
        <Checkbox value="exit">{t("activities.audienceQualification.exit")}</Checkbox>
      </CheckboxGroup>
      {document.entry.node === nodeId && (
        <NamespacePicker
          value={textOf(node.identityNamespace)}
          onChange={(identityNamespace) => set({ identityNamespace })}
          isReadOnly={isReadOnly}
        />
      )}
      <TimeoutField {...props} />
    </Stack>
  );
}
