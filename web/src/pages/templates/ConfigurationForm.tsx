import { Checkbox, Item, NumberField, Picker, Switch } from "@adobe/react-spectrum";
import { Part } from "@/activities/fields/Stack";
import { useT } from "@/i18n/useT";
import type { ConfigurationDocument } from "./channels";
import { DocumentField } from "./DocumentField";
import { type FieldFault, shownAt } from "./draft";
import { MASK, PROVIDERS, providersOf, SENDER } from "./providers";
import { SecretField, SettingField } from "./SettingField";
import { CHANNELS } from "./search";
import styles from "./Template.module.css";

interface Props {
  draft: ConfigurationDocument;
  /** As the server has it; null: a new one. */
  stored: ConfigurationDocument | null;
  onChange: (changed: Partial<ConfigurationDocument>) => void;
  fault: FieldFault | null;
  isReadOnly: boolean;
}

/** Every member of a channel configuration. */
export function ConfigurationForm({ draft, stored, onChange, fault, isReadOnly }: Props) {
  const t = useT();
  const { channel, provider } = draft;
  const kind = PROVIDERS.find((one) => one.kind === provider.kind);
  const isStored = (name: string) => stored?.provider.kind === provider.kind && stored.provider.settings[name] === MASK;
  const isEmail = channel === "email";
  return (
    <div className={styles.fields}>
      <div className={styles.grid}>
        <DocumentField
          label={t("templates.field.name")}
          value={draft.name}
          onChange={(name) => onChange({ name })}
          maxLength={60}
          isRequired
          isReadOnly={isReadOnly}
          fault={fault}
          path="$.name"
        />
        <DocumentField
          label={t("templates.field.description")}
          value={draft.description}
          onChange={(description) => onChange({ description })}
          isReadOnly={isReadOnly}
          fault={fault}
          path="$.description"
        />
        <Picker
          label={t("templates.field.channel")}
          items={CHANNELS.map((id) => ({ id, name: t(`templates.channel.${id}`) }))}
          selectedKey={channel}
          onSelectionChange={(key) => {
            const next = CHANNELS.find((one) => one === key) ?? "email";
            if (next !== channel) onChange({ channel: next, provider: { kind: "inbox", settings: {} } });
          }}
          isDisabled={isReadOnly || stored !== null}
          width="100%"
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
        <Picker
          label={t("templates.field.provider")}
          items={providersOf(channel).map((one) => ({ id: one.kind, name: t(`templates.provider.${one.kind}`) }))}
          selectedKey={provider.kind}
          onSelectionChange={(key) => onChange({ provider: { ...provider, kind: String(key) } })}
          isDisabled={isReadOnly}
          width="100%"
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
      </div>
      <Checkbox isSelected={draft.isDefault} onChange={(isDefault) => onChange({ isDefault })} isReadOnly={isReadOnly}>
        {t("templates.field.isDefault")}
      </Checkbox>
      {SENDER[channel].length > 0 && (
        <Part title={t("templates.group.sender")}>
          <div className={styles.grid}>
            {SENDER[channel].map((name) => (
              <DocumentField
                key={name}
                label={t(`templates.sender.${name}`)}
                value={draft.sender[name] ?? ""}
                onChange={(value) => onChange({ sender: { ...draft.sender, [name]: value } })}
                isReadOnly={isReadOnly}
                fault={fault}
                path={`$.sender.${name}`}
              />
            ))}
          </div>
        </Part>
      )}
      {kind?.groups.map((group) => (
        <Part key={`${kind.kind}${group.id}`} title={t(`templates.group.${group.id}`)}>
          <div className={styles.grid}>
            {group.fields.map((field) => (
              <SettingField
                key={field.name}
                field={field}
                value={provider.settings[field.name]}
                isStored={isStored(field.name)}
                onChange={(value) =>
                  onChange({ provider: { ...provider, settings: { ...provider.settings, [field.name]: value } } })
                }
                fault={fault}
                isReadOnly={isReadOnly}
              />
            ))}
          </div>
        </Part>
      ))}
      <Part title={t("templates.group.delivery")}>
        <div className={styles.grid}>
          {(["retrySeconds", "softBounces"] as const).map((name) => (
            <NumberField
              key={name}
              label={t(`templates.field.${name}`)}
              value={draft[name]}
              onChange={(value) => onChange({ [name]: value })}
              minValue={1}
              maxValue={name === "retrySeconds" ? 3_600 : 100}
              step={1}
              isReadOnly={isReadOnly}
              width="100%"
              {...shownAt(fault, `$.${name}`)}
            />
          ))}
          <SecretField
            label={t("templates.field.feedbackSecret")}
            description={t("templates.field.feedbackSecretDetail")}
            value={draft.feedbackSecret ?? ""}
            isStored={stored?.feedbackSecret === MASK}
            onChange={(feedbackSecret) => onChange({ feedbackSecret })}
            isReadOnly={isReadOnly}
            {...shownAt(fault, "$.feedbackSecret")}
          />
        </div>
        {isEmail && (
          <div className={styles.row}>
            {(["opens", "links"] as const).map((name) => (
              <Switch
                key={name}
                isSelected={draft.tracking[name]}
                onChange={(isOn) => onChange({ tracking: { ...draft.tracking, [name]: isOn } })}
                isReadOnly={isReadOnly}
              >
                {t(`templates.tracking.${name}`)}
              </Switch>
            ))}
            <Switch
              isSelected={draft.unsubscribe}
              onChange={(unsubscribe) => onChange({ unsubscribe })}
              isReadOnly={isReadOnly}
            >
              {t("templates.field.unsubscribe")}
            </Switch>
          </div>
        )}
      </Part>
    </div>
  );
}
