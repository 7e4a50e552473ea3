import { ActionButton, Button, Flex, Item, Picker, Text } from "@adobe/react-spectrum";
import UserGroup from "@spectrum-icons/workflow/UserGroup";
import { useT } from "@/i18n/useT";
import styles from "./ConditionBuilder.module.css";
import { ConditionRow } from "./ConditionRow";
import { FieldPicker } from "./FieldPicker";
import { audienceRow, newRow } from "./operators";
import { type Condition, type Group, type Joiner, other, type Row, toText } from "./rows";
import type { Place, Scope, ScopeField } from "./scope";
import { today } from "./today";
import { useAudienceNames } from "./useAudienceNames";
import { useScope } from "./useExpression";

interface Props {
  condition: Condition;
  onChange: (text: string) => void;
  place: Place;
  isReadOnly: boolean;
}

type Entry = Row | Group<Row>;

/** A condition as rows of field, operator and value, and groups of them. */
export function ConditionBuilder({ condition, onChange, place, isReadOnly }: Props) {
  const t = useT();
  const { scope } = useScope(place);
  const audiences = useAudienceNames();
  const set = (items: Entry[]) => onChange(toText({ ...condition, items: items.filter(isFilled) }));
  const replace = (index: number, item: Entry) => set(condition.items.map((one, at) => (at === index ? item : one)));
  const remove = (index: number) => set(condition.items.filter((_, at) => at !== index));
  const append = (item: Entry) => set([...condition.items, item]);
  return (
    <div className={styles.group}>
      <JoinerPicker
        joiner={condition.joiner}
        count={condition.items.length}
        isReadOnly={isReadOnly}
        onChange={(joiner) => onChange(toText({ ...condition, joiner }))}
      />
      {condition.items.length === 0 && <Text UNSAFE_className={styles.empty}>{t("expressions.builder.empty")}</Text>}
      {condition.items.map((item, index) => {
        const shared = { scope, audiences, isReadOnly, onRemove: () => remove(index) };
        return item.kind === "row" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are what stands at their place; they have no identity
          <ConditionRow key={index} row={item} onChange={(row) => replace(index, row)} {...shared} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <Subgroup key={index} group={item} onChange={(group) => replace(index, group)} {...shared} />
        );
      })}
      {!isReadOnly && (
        <Flex gap="size-100" wrap>
          <AddRow scope={scope} label={t("expressions.builder.add")} onAdd={append} />
          {audiences[0] !== undefined && (
            <ActionButton isQuiet onPress={() => append(audienceRow(audiences[0] ?? ""))}>
              <UserGroup />
              <Text>{t("expressions.builder.addAudience")}</Text>
            </ActionButton>
          )}
          {condition.items.length > 0 && (
            <AddRow
              scope={scope}
              label={t("expressions.builder.addGroup")}
              onAdd={(row) => append({ kind: "group", joiner: other(condition.joiner), items: [row] })}
            />
          )}
        </Flex>
      )}
    </div>
  );
}

const isFilled = (item: Entry) => item.kind === "row" || item.items.length > 0;

interface SubgroupProps {
  group: Group<Row>;
  onChange: (group: Group<Row>) => void;
  onRemove: () => void;
  scope: Scope;
  audiences: readonly string[];
  isReadOnly: boolean;
}

function Subgroup({ group, onChange, onRemove, scope, audiences, isReadOnly }: SubgroupProps) {
  const t = useT();
  const set = (items: Row[]) => onChange({ ...group, items });
  return (
    <fieldset className={styles.group} aria-label={t("expressions.builder.group")}>
      <JoinerPicker
        joiner={group.joiner}
        count={group.items.length}
        isReadOnly={isReadOnly}
        onChange={(joiner) => onChange({ ...group, joiner })}
      />
      {group.items.map((row, index) => (
        <ConditionRow
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are what stands at their place; they have no identity
          key={index}
          row={row}
          scope={scope}
          audiences={audiences}
          isReadOnly={isReadOnly}
          onChange={(next) => set(group.items.map((one, at) => (at === index ? next : one)))}
          onRemove={() => set(group.items.filter((_, at) => at !== index))}
        />
      ))}
      {!isReadOnly && (
        <Flex gap="size-100" wrap>
          <AddRow scope={scope} label={t("expressions.builder.add")} onAdd={(row) => set([...group.items, row])} />
          <Button variant="secondary" style="outline" onPress={onRemove}>
            {t("expressions.builder.removeGroup")}
          </Button>
        </Flex>
      )}
    </fieldset>
  );
}

function AddRow({ scope, label, onAdd }: { scope: Scope; label: string; onAdd: (row: Row) => void }) {
  const add = (field: ScopeField) => onAdd(newRow(field, today()));
  return <FieldPicker label={label} roots={scope.roots} isQuiet onPick={add} />;
}

interface JoinerProps {
  joiner: Joiner;
  count: number;
  isReadOnly: boolean;
  onChange: (joiner: Joiner) => void;
}

/** Whether all or one must hold; nothing to choose for a single one. */
function JoinerPicker({ joiner, count, isReadOnly, onChange }: JoinerProps) {
  const t = useT();
  if (count < 2) return null;
  return (
    <Picker
      aria-label={t("expressions.builder.joiner")}
      isQuiet
      selectedKey={joiner}
      isDisabled={isReadOnly}
      onSelectionChange={(key) => onChange(key === "or" ? "or" : "and")}
    >
      <Item key="and">{t("expressions.builder.and")}</Item>
      <Item key="or">{t("expressions.builder.or")}</Item>
    </Picker>
  );
}
