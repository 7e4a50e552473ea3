import { ComboBox, Flex, Item, TextArea, TextField } from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Note, Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import { marketingActionsQuery } from "../governance/governance";
import { AnswerFields } from "./AnswerFields";
import { AuthenticationFields } from "./AuthenticationFields";
import styles from "./actions.module.css";
import { ChoiceField } from "./ChoiceField";
import { CHANNELS, METHODS } from "./document";
import type { ActionDraft } from "./draft";
import { EntryRows } from "./EntryRows";
import { type Faults, faultOf } from "./faults";
import { PayloadFields } from "./PayloadFields";

const NO_CHANNEL = "";

interface Props {
  draft: ActionDraft;
  onChange: (changed: Partial<ActionDraft>) => void;
  faults: Faults;
  isReadOnly: boolean;
  /** Journeys use it: only description, URL, authentication and added parameters can change. */
  isInUse: boolean;
  /** Stands below the authentication. */
  trial?: ReactNode;
}

/** Everything about one action. */
export function ActionForm({ draft, onChange, faults, isReadOnly, isInUse, trial }: Props) {
  const t = useT();
  const marketingActions = useQuery(marketingActionsQuery).data ?? [];
  const shared = { faults, isReadOnly };
  const fixed = { faults, isReadOnly: isReadOnly || isInUse };
  const channels = [NO_CHANNEL, ...CHANNELS, draft.channel].filter((one, at, all) => all.indexOf(one) === at);
  return (
    <div className={styles.form}>
      <TextField
        label={t("actions.column.name")}
        description={t("actions.name.detail")}
        value={draft.name}
        onChange={(name) => onChange({ name })}
        isReadOnly={fixed.isReadOnly}
        maxLength={30}
        isRequired
        width="size-3600"
        {...faultOf(faults, "name")}
      />
      <TextArea
        label={t("actions.column.description")}
        value={draft.description}
        onChange={(description) => onChange({ description })}
        isReadOnly={isReadOnly}
        width="100%"
        {...faultOf(faults, "description")}
      />
      <Flex wrap gap="size-100">
        <ChoiceField
          label={t("actions.column.method")}
          choices={METHODS}
          nameOf={(method) => method}
          value={draft.method}
          onChange={(method) => onChange({ method })}
          place="method"
          {...fixed}
        />
        <TextField
          label={t("actions.column.url")}
          description={t("actions.url.detail")}
          type="url"
          value={draft.url}
          onChange={(url) => onChange({ url })}
          isReadOnly={isReadOnly}
          isRequired
          width="size-6000"
          maxWidth="100%"
          {...faultOf(faults, "url")}
        />
      </Flex>
      <EntryRows place="headers" rows={draft.headers} onChange={(headers) => onChange({ headers })} {...shared} />
      <EntryRows
        place="queryParameters"
        rows={draft.queryParameters}
        onChange={(queryParameters) => onChange({ queryParameters })}
        {...shared}
      />
      <AuthenticationFields
        draft={draft.authentication}
        onChange={(changed) => onChange({ authentication: { ...draft.authentication, ...changed } })}
        {...shared}
      >
        {trial}
      </AuthenticationFields>
      <PayloadFields draft={draft} onChange={onChange} {...fixed} />
      {(["response", "failureResponse"] as const).map((part) => (
        <AnswerFields
          key={part}
          part={part}
          draft={draft[part]}
          onChange={(answer) => onChange({ [part]: answer })}
          {...fixed}
        />
      ))}
      <Part title={t("actions.part.marketing")}>
        <Flex wrap gap="size-100" alignItems="end">
          <ChoiceField
            label={t("actions.marketing.channel")}
            choices={channels}
            nameOf={(channel) => {
              const known = CHANNELS.find((one) => one === channel);
              return known === undefined ? channel || t("actions.marketing.noChannel") : t(`actions.channel.${known}`);
            }}
            value={draft.channel}
            onChange={(channel) => onChange({ channel })}
            place="marketing.channel"
            {...fixed}
          />
          <ComboBox
            label={t("actions.marketing.action")}
            defaultItems={marketingActions}
            inputValue={draft.marketingAction}
            onInputChange={(marketingAction) => onChange({ marketingAction })}
            allowsCustomValue
            isReadOnly={fixed.isReadOnly}
            {...faultOf(faults, "marketing.requiredMarketingAction")}
          >
            {(one) => <Item key={one.name}>{one.name}</Item>}
          </ComboBox>
        </Flex>
        <Note>{t("actions.marketing.detail")}</Note>
      </Part>
      <Note>{t("actions.tls")}</Note>
    </div>
  );
}
