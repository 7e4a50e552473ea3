import { ComboBox, Flex, Item, NumberField, Picker, TextArea, TextField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import styles from "@/pages/actions/actions.module.css";
import { ChoiceField } from "@/pages/actions/ChoiceField";
import { type Faults, faultOf } from "@/pages/actions/faults";
import { namespacesQuery, schemasQuery } from "@/pages/schemas/registry";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { type EventDraft, NOBODY, PRIMARY, renamed } from "./eventDraft";
import { TYPES } from "./eventsSearch";
import { FieldChoice } from "./FieldChoice";
import { RelatedSources } from "./RelatedSources";

const ID_TYPES = ["systemGenerated", "ruleBased"] as const;
const PROFILE_CLASS = "https://ns.adobe.com/xdm/context/profile";

interface Props {
  draft: EventDraft;
  onChange: (draft: EventDraft) => void;
  faults: Faults;
  isReadOnly: boolean;
  /** Of an event that journeys use: what they read. */
  fixedFields: readonly string[] | null;
}

/** Everything that an event configuration says. */
export function EventForm({ draft, onChange, faults, isReadOnly, fixedFields }: Props) {
  const t = useT();
  const schemas = useQuery(schemasQuery);
  const namespaces = useQuery(namespacesQuery);
  const isFixed = isReadOnly || fixedFields !== null;
  const set = (changed: Partial<EventDraft>) => onChange({ ...draft, ...changed });
  const isBusiness = draft.type === "business";
  const isRuleBased = isBusiness || draft.idType === "ruleBased";
  const { schemaId, name } = draft;
  const place = useMemo(() => ({ event: { name: name || "Event", schemaRef: { id: schemaId } } }), [name, schemaId]);
  const choices = (schemas.data ?? []).filter((schema) => schema["meta:class"] !== PROFILE_CLASS);
  const shared = { faults, isReadOnly: isFixed };
  const fault = (at: string) => faults.has(at) && <strong role="alert">{faults.get(at)}</strong>;
  return (
    <div className={styles.form}>
      <Part title={t("events.part.about")}>
        <Flex wrap gap="size-200">
          <TextField
            label={t("events.column.name")}
            isRequired
            value={draft.name}
            onChange={(typed) => onChange(renamed(draft, typed))}
            isReadOnly={isReadOnly}
            description={t("events.form.name.detail")}
            maxLength={30}
            {...faultOf(faults, "name")}
          />
          <ChoiceField
            label={t("events.column.type")}
            choices={TYPES}
            nameOf={(type) => t(`events.type.${type}`)}
            value={draft.type}
            onChange={(type) => set({ type })}
            place="type"
            {...shared}
          />
          {!isBusiness && (
            <ChoiceField
              label={t("events.fact.idType")}
              choices={ID_TYPES}
              nameOf={(idType) => t(`events.idType.${idType}`)}
              value={draft.idType}
              onChange={(idType) => set({ idType })}
              place="idType"
              {...shared}
            />
          )}
        </Flex>
        <TextArea
          label={t("events.column.description")}
          value={draft.description}
          onChange={(description) => set({ description })}
          isReadOnly={isReadOnly}
          width="100%"
          {...faultOf(faults, "description")}
        />
      </Part>
      {schemas.error && <ErrorNotice error={schemas.error} onRetry={() => void schemas.refetch()} />}
      <ComboBox
        label={t("events.fact.schema")}
        isRequired
        description={isFixed ? undefined : t("events.form.schema.detail")}
        items={choices.map((schema) => ({ id: schema.$id, name: schema.title }))}
        selectedKey={schemaId || null}
        onSelectionChange={(key) => {
          if (key !== null && key !== schemaId) set({ schemaId: String(key), fields: [], related: [] });
        }}
        isDisabled={isFixed}
        loadingState={schemas.isPending ? "loading" : "idle"}
        width="size-4600"
        maxWidth="100%"
        menuTrigger="focus"
        {...faultOf(faults, "schemaRef")}
      >
        {(item) => <Item>{item.name}</Item>}
      </ComboBox>
      {schemaId !== "" && (
        <>
          <FieldChoice
            key={schemaId}
            schemaId={schemaId}
            chosen={draft.fields}
            onChange={(fields) => set({ fields })}
            fixed={fixedFields ?? []}
            isReadOnly={isReadOnly}
            fault={faults.get("fields")}
          />
          <RelatedSources
            schemaId={schemaId}
            fields={draft.fields}
            value={draft.related}
            onChange={(related) => set({ related })}
            isReadOnly={isReadOnly}
            fixed={fixedFields ?? []}
            fault={faults.get("related")}
          />
          {isRuleBased && (
            <Part title={t("events.fact.condition")}>
              <ExpressionField
                label={t("events.form.condition")}
                value={draft.idCondition}
                onChange={(idCondition) => set({ idCondition })}
                place={place}
                expects="boolean"
                isRequired
                isReadOnly={isFixed}
              />
              {fault("idCondition")}
            </Part>
          )}
          {!isBusiness && (
            <Part title={t("events.part.person")}>
              <Picker
                label={t("events.column.namespace")}
                items={[
                  { id: PRIMARY, name: t("events.form.namespace.primary") },
                  { id: NOBODY, name: t("events.form.namespace.none") },
                  ...(namespaces.data ?? [])
                    .filter((one) => one.idType !== "NON_PEOPLE")
                    .map((one) => ({ id: one.code, name: `${one.name} (${one.code})` })),
                ]}
                selectedKey={draft.namespace}
                onSelectionChange={(key) => set({ namespace: String(key) })}
                isDisabled={isFixed}
                width="size-3400"
                {...faultOf(faults, "namespace")}
              >
                {(item) => <Item>{item.name}</Item>}
              </Picker>
              <ExpressionField
                label={t("events.fact.key")}
                description={t("events.form.key.detail")}
                value={draft.profileIdentifier}
                onChange={(profileIdentifier) => set({ profileIdentifier })}
                place={place}
                expects={null}
                isReadOnly={isFixed}
              />
              {fault("profileIdentifier")}
            </Part>
          )}
        </>
      )}
      <NumberField
        label={t("events.fact.maxAge")}
        description={t("events.form.maxAge.detail")}
        value={draft.maxAgeSeconds ?? Number.NaN}
        onChange={(age) => set({ maxAgeSeconds: Number.isFinite(age) ? age : null })}
        minValue={1}
        maxValue={315_360_000}
        isReadOnly={isFixed}
        width="size-3400"
        {...faultOf(faults, "maxAgeSeconds")}
      />
      {fixedFields !== null && <Note>{t("events.form.inUse")}</Note>}
    </div>
  );
}
