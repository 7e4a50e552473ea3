import { ActionButton, Flex, Item, Picker, Text } from "@adobe/react-spectrum";
import Add from "@spectrum-icons/workflow/Add";
import Delete from "@spectrum-icons/workflow/Delete";
import { useT } from "@/i18n/useT";
import styles from "./ExpressionEditor.module.css";
import { EMPTY_GROUP, type Group, MAX_DEPTH, OPERATORS } from "./expression";
import type { Named } from "./governance";
import { useNamedWords } from "./useNamedWords";

interface Props {
  group: Group;
  labels: readonly Named[];
  onChange: (group: Group) => void;
  /** What the group is, for screen readers. */
  name: string;
  /** From 1, the outermost. */
  depth: number;
}

/** Labels and groups of them, all of which or any of which must be there. */
export function ExpressionEditor({ group, labels, onChange, name, depth }: Props) {
  const t = useT();
  const words = useNamedWords();
  const put = (index: number, one: string | Group) => onChange({ ...group, operands: group.operands.with(index, one) });
  const remove = (index: number) => onChange({ ...group, operands: group.operands.toSpliced(index, 1) });
  const add = (one: string | Group) => onChange({ ...group, operands: [...group.operands, one] });
  return (
    <fieldset className={styles.group} aria-label={name}>
      <Picker
        aria-label={t("governance.expression.operator")}
        selectedKey={group.operator}
        onSelectionChange={(key) =>
          onChange({ ...group, operator: OPERATORS.find((one) => one === key) ?? group.operator })
        }
      >
        {OPERATORS.map((one) => (
          <Item key={one}>{t(`governance.expression.${one}`)}</Item>
        ))}
      </Picker>
      {group.operands.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: operands have no names, and the same label may be there twice
        <div className={styles.operand} key={index}>
          {typeof one === "string" ? (
            <Picker
              aria-label={t("governance.expression.label", { number: index + 1 })}
              items={labels}
              selectedKey={one === "" ? null : one}
              onSelectionChange={(key) => put(index, String(key))}
              width="100%"
            >
              {(label) => <Item key={label.name}>{words.of("labels", label)}</Item>}
            </Picker>
          ) : (
            <ExpressionEditor
              group={one}
              labels={labels}
              onChange={(changed) => put(index, changed)}
              name={t("governance.expression.group", { number: index + 1 })}
              depth={depth + 1}
            />
          )}
          {group.operands.length > 1 && (
            <ActionButton
              isQuiet
              aria-label={t("governance.expression.remove", { number: index + 1 })}
              onPress={() => remove(index)}
            >
              <Delete />
            </ActionButton>
          )}
        </div>
      ))}
      <Flex gap="size-100" wrap>
        <ActionButton onPress={() => add("")}>
          <Add />
          <Text>{t("governance.expression.addLabel")}</Text>
        </ActionButton>
        {depth < MAX_DEPTH && (
          <ActionButton onPress={() => add(EMPTY_GROUP)}>
            <Add />
            <Text>{t("governance.expression.addGroup")}</Text>
          </ActionButton>
        )}
      </Flex>
    </fieldset>
  );
}
