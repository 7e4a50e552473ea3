import { Button, Flex, Item, NumberField, Picker, TextField } from "@adobe/react-spectrum";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import styles from "@/pages/actions/actions.module.css";
import { ChoiceField } from "@/pages/actions/ChoiceField";
import { type Faults, faultOf } from "@/pages/actions/faults";
import { placesOf, readSample, typeChoices } from "@/pages/actions/places";
import { CodeArea } from "@/ui/CodeArea";
import type { GroupDraft } from "./draft";
import { CACHE_UNITS } from "./sources";

interface Props {
  group: GroupDraft;
  /** Its place in the document. */
  at: string;
  onChange: (group: GroupDraft) => void;
  onRemove: () => void;
  faults: Faults;
  isReadOnly: boolean;
}

/** One way to ask a source: what is sent, and which fields are read of the answer. */
export function GroupFields({ group, at, onChange, onRemove, faults, isReadOnly }: Props) {
  const t = useT();
  const set = (changed: Partial<GroupDraft>) => onChange({ ...group, ...changed });
  const shared = { faults, isReadOnly };
  const places = placesOf(readSample(group.sample) ?? {});
  return (
    <Part title={group.name || t("dataSources.group.unnamed")}>
      <Flex wrap gap="size-200">
        <TextField
          label={t("dataSources.name")}
          isRequired
          value={group.name}
          onChange={(name) => set({ name })}
          isReadOnly={isReadOnly}
          {...faultOf(faults, `${at}.name`)}
        />
        <ChoiceField
          label={t("dataSources.group.method")}
          choices={["GET", "POST"] as const}
          nameOf={(method) => method}
          value={group.method}
          onChange={(method) => set({ method })}
          place={`${at}.method`}
          {...shared}
        />
        <TextField
          label={t("dataSources.group.values")}
          description={t("dataSources.group.values.detail")}
          value={group.values}
          onChange={(values) => set({ values })}
          isReadOnly={isReadOnly}
          {...faultOf(faults, `${at}.dynamicValues`)}
        />
        <NumberField
          label={t("dataSources.group.cache")}
          value={group.duration}
          minValue={0}
          onChange={(duration) => Number.isFinite(duration) && set({ duration })}
          isReadOnly={isReadOnly}
          {...faultOf(faults, `${at}.cacheDuration`)}
        />
        <ChoiceField
          label={t("dataSources.group.unit")}
          choices={CACHE_UNITS}
          nameOf={(unit) => t(`dataSources.unit.${unit}`)}
          value={group.timeUnit}
          onChange={(timeUnit) => set({ timeUnit })}
          place=""
          {...shared}
        />
      </Flex>
      {group.method === "POST" && (
        <CodeArea
          label={t("dataSources.group.sent")}
          description={t("dataSources.group.sent.detail")}
          value={group.sent}
          onChange={(sent) => set({ sent })}
          isReadOnly={isReadOnly}
          {...faultOf(faults, `${at}.sentPayload`)}
        />
      )}
      <CodeArea
        label={t("dataSources.group.sample")}
        description={t("dataSources.group.sample.detail")}
        value={group.sample}
        onChange={(sample) => set({ sample })}
        isReadOnly={isReadOnly}
        height="size-2000"
        {...faultOf(faults, `${at}.responsePayload`)}
      />
      {places.map((place) => (
        <Flex key={place.path} alignItems="center" gap="size-200">
          <code className={styles.path}>{place.path}</code>
          <Picker
            aria-label={t("dataSources.group.typeOf", { path: place.path })}
            items={typeChoices(place).map((id) => ({ id }))}
            selectedKey={group.types[place.path] ?? (place.type === "null" ? null : place.type)}
            onSelectionChange={(key) => set({ types: { ...group.types, [place.path]: String(key) } })}
            isDisabled={isReadOnly}
          >
            {(item) => <Item>{item.id}</Item>}
          </Picker>
        </Flex>
      ))}
      {faults.has(`${at}.types`) && <strong role="alert">{faults.get(`${at}.types`)}</strong>}
      {!isReadOnly && (
        <div>
          <Button variant="secondary" onPress={onRemove}>
            {t("dataSources.group.remove", { name: group.name })}
          </Button>
        </div>
      )}
    </Part>
  );
}
