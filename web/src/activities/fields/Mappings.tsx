import { ActionButton, Text } from "@adobe/react-spectrum";
import Delete from "@spectrum-icons/workflow/Delete";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import type { FormProps } from "../kind";
import { type Mapping, mapped, mappingsOf, missingOf, type Parameter, strayOf } from "../mappings";
import { withMembers } from "../members";
import styles from "./fields.module.css";
import { Note, Part } from "./Stack";

interface Props extends FormProps {
  parameters: Parameter[];
}

/** An expression for each parameter; those that are none any more can be taken away. */
export function Mappings({ node, nodeId, document, onChange, isReadOnly, parameters }: Props) {
  const t = useT();
  const mappings = mappingsOf(node.parameters);
  const set = (paramPath: string, expression: string) =>
    onChange(withMembers(node, { parameters: mapped(mappings, paramPath, expression) }));
  const missing = missingOf(parameters, mappings);
  const stray = strayOf(parameters, mappings);
  if (parameters.length === 0 && stray.length === 0) return <Note>{t("activities.parameters.none")}</Note>;
  return (
    <Part title={t("activities.parameters")}>
      {missing.length > 0 && <Note>{t("activities.parameters.missing", { count: missing.length })}</Note>}
      {parameters.map((parameter) => (
        <ExpressionField
          key={parameter.paramPath}
          label={parameter.label}
          description={parameter.label === parameter.paramPath ? undefined : parameter.paramPath}
          value={mappings.find((one) => one.paramPath === parameter.paramPath)?.expression ?? ""}
          onChange={(expression) => set(parameter.paramPath, expression)}
          place={{ document, nodeId }}
          expects={parameter.type}
          isCondition={false}
          isReadOnly={isReadOnly}
          isRequired={!parameter.isOptional}
        />
      ))}
      {stray.map((mapping) => (
        <Stray
          key={mapping.paramPath}
          mapping={mapping}
          isReadOnly={isReadOnly}
          onRemove={() => set(mapping.paramPath, "")}
        />
      ))}
    </Part>
  );
}

function Stray({ mapping, isReadOnly, onRemove }: { mapping: Mapping; isReadOnly: boolean; onRemove: () => void }) {
  const t = useT();
  return (
    <div className={styles.head}>
      <span className={styles.wrong}>{t("activities.parameters.stray", { name: mapping.paramPath })}</span>
      {!isReadOnly && (
        <ActionButton isQuiet onPress={onRemove}>
          <Delete />
          <Text>{t("activities.remove")}</Text>
        </ActionButton>
      )}
    </div>
  );
}
