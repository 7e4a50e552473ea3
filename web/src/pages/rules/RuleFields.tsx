import { ActionButton, Checkbox, CheckboxGroup, Item, NumberField, Picker, Text } from "@adobe/react-spectrum";
import Delete from "@spectrum-icons/workflow/Delete";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { DocumentField } from "../templates/DocumentField";
import { type FieldFault, shownAt } from "../templates/draft";
import { QuietFields } from "./QuietFields";
import { CHANNELS, MOST_EVERY, PERIODS, type Rule, STATES } from "./ruleSets";
import styles from "./rules.module.css";

interface Props {
  rule: Rule;
  onChange: (rule: Rule) => void;
  onRemove: () => void;
  fault: FieldFault | null;
  /** Of the rule in the document, `$.rules[0]`. */
  path: string;
  isReadOnly: boolean;
}

/** Every member of one rule. */
export function RuleFields({ rule, onChange, onRemove, fault, path, isReadOnly }: Props) {
  const t = useT();
  const set = (changes: Partial<Rule>) => onChange({ ...rule, ...changes });
  const { limit, period, channels } = rule;
  const shared = { fault, isReadOnly, isRequired: true };
  return (
    <Part title={t(`rules.type.${rule.type}`)}>
      <div className={styles.pair}>
        <DocumentField
          {...shared}
          label={t("rules.rule.name")}
          value={rule.name}
          onChange={(name) => set({ name })}
          maxLength={100}
          path={`${path}.name`}
        />
        <DocumentField
          {...shared}
          label={t("rules.rule.id")}
          description={t("rules.rule.id.detail")}
          value={rule.id}
          onChange={(id) => set({ id })}
          maxLength={64}
          path={`${path}.id`}
        />
        <Picker
          label={t("rules.column.state")}
          items={STATES.map((id) => ({ id, name: t(`rules.state.${id}`) }))}
          selectedKey={rule.state}
          onSelectionChange={(key) => set({ state: STATES.find((one) => one === key) ?? rule.state })}
          isDisabled={isReadOnly}
          width="100%"
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        {limit !== undefined && (
          <NumberField
            label={t(`rules.limit.${rule.type}`)}
            value={limit}
            minValue={1}
            maxValue={1_000_000}
            step={1}
            isReadOnly={isReadOnly}
            onChange={(value) => Number.isInteger(value) && set({ limit: value })}
            width="100%"
            {...shownAt(fault, `${path}.limit`)}
          />
        )}
        {period !== undefined && (
          <>
            <NumberField
              label={t("rules.every")}
              value={rule.every ?? 1}
              minValue={1}
              maxValue={MOST_EVERY[period]}
              step={1}
              isReadOnly={isReadOnly}
              onChange={(every) => Number.isInteger(every) && set({ every })}
              width="100%"
              {...shownAt(fault, `${path}.every`)}
            />
            <Picker
              label={t("rules.period")}
              items={PERIODS.map((id) => ({ id, name: t(`rules.period.${id}`) }))}
              selectedKey={period}
              onSelectionChange={(key) => {
                const next = PERIODS.find((one) => one === key) ?? period;
                set({ period: next, every: Math.min(rule.every ?? 1, MOST_EVERY[next]) });
              }}
              isDisabled={isReadOnly}
              width="100%"
            >
              {(item) => <Item>{item.name}</Item>}
            </Picker>
          </>
        )}
        {rule.type === "concurrencyCap" && (
          <NumberField
            label={t("rules.lookAhead")}
            description={t("rules.lookAhead.detail")}
            value={rule.lookAheadDays ?? 0}
            minValue={0}
            maxValue={30}
            step={1}
            isReadOnly={isReadOnly}
            onChange={(lookAheadDays) => Number.isInteger(lookAheadDays) && set({ lookAheadDays })}
            width="100%"
            {...shownAt(fault, `${path}.lookAheadDays`)}
          />
        )}
      </div>
      {channels !== undefined && (
        <CheckboxGroup
          label={t("rules.channels")}
          description={t(`rules.channels.${rule.type}`)}
          orientation="horizontal"
          value={channels}
          isReadOnly={isReadOnly}
          isRequired
          onChange={(next) => set({ channels: CHANNELS.filter((one) => next.includes(one)) })}
          {...shownAt(fault, `${path}.channels`)}
        >
          {CHANNELS.map((one) => (
            <Checkbox key={one} value={one}>
              {t(`rules.channel.${one}`)}
            </Checkbox>
          ))}
        </CheckboxGroup>
      )}
      {rule.type === "quietHours" && (
        <QuietFields rule={rule} onChange={onChange} fault={fault} path={path} isReadOnly={isReadOnly} />
      )}
      {!isReadOnly && (
        <div>
          <ActionButton onPress={onRemove}>
            <Delete />
            <Text>{t("rules.remove", { name: rule.name })}</Text>
          </ActionButton>
        </div>
      )}
    </Part>
  );
}
