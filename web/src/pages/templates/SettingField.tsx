import { ActionButton, Item, NumberField, Picker, Switch, TextArea, TextField } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import type { SettingValue } from "./channels";
import { type FieldFault, shownAt } from "./draft";
import { MASK, type ProviderField, SECURITY } from "./providers";
import styles from "./Template.module.css";

interface Props {
  field: ProviderField;
  value: SettingValue | undefined;
  /** Whether the server has a secret here. */
  isStored: boolean;
  onChange: (value: SettingValue) => void;
  fault: FieldFault | null;
  isReadOnly: boolean;
}

/** One setting of a provider. */
export function SettingField({ field, value, isStored, onChange, fault, isReadOnly }: Props) {
  const t = useT();
  const label = t(`templates.setting.${field.name}`);
  const shown = shownAt(fault, `$.provider.settings.${field.name}`);
  const usual = field.usual === undefined ? undefined : t("templates.usual", { value: field.usual });
  const common = { label, isReadOnly, width: "100%", isRequired: field.isRequired, ...shown } as const;
  switch (field.kind) {
    case "switch":
      return (
        <Switch
          isSelected={value === undefined ? field.isOn : value === true}
          onChange={onChange}
          isReadOnly={isReadOnly}
        >
          {label}
        </Switch>
      );
    case "security":
      return (
        <Picker
          label={label}
          items={SECURITY.map((id) => ({ id, name: t(`templates.security.${id}`) }))}
          selectedKey={typeof value === "string" && value !== "" ? value : "starttls"}
          onSelectionChange={(key) => onChange(String(key))}
          isDisabled={isReadOnly}
          width="100%"
          {...shown}
        >
          {(item) => <Item>{item.name}</Item>}
        </Picker>
      );
    case "number":
      return (
        <NumberField
          {...common}
          description={usual}
          value={typeof value === "number" ? value : Number.NaN}
          onChange={onChange}
          minValue={field.range?.[0]}
          maxValue={field.range?.[1]}
          step={1}
          formatOptions={{ useGrouping: false }}
        />
      );
    case "words":
      return (
        <TextField
          {...common}
          description={t("templates.words")}
          value={Array.isArray(value) ? value.join(",") : ""}
          onChange={(typed) => onChange(typed === "" ? [] : typed.split(",").map((one) => one.trimStart()))}
        />
      );
    case "area":
      return <TextArea {...common} value={typeof value === "string" ? value : ""} onChange={onChange} />;
    case "secret":
    case "secretArea":
      return (
        <SecretField
          {...common}
          isLong={field.kind === "secretArea"}
          value={typeof value === "string" ? value : ""}
          isStored={isStored}
          onChange={onChange}
        />
      );
    default:
      return (
        <TextField
          {...common}
          description={usual}
          value={typeof value === "string" ? value : ""}
          onChange={onChange}
          autoComplete="off"
        />
      );
  }
}

interface SecretProps {
  label: string;
  description?: string;
  value: string;
  isStored: boolean;
  onChange: (value: string) => void;
  isLong?: boolean;
  isReadOnly: boolean;
  isRequired?: boolean;
  validationState?: "invalid";
  errorMessage?: string;
}

/** A secret: what is stored is never shown; a stored one stays until another is typed or it is taken away. */
export function SecretField({
  value,
  isStored,
  onChange,
  isLong = false,
  description,
  isRequired,
  ...rest
}: SecretProps) {
  const t = useT();
  const isKept = value === MASK;
  const typed = {
    ...rest,
    width: "100%",
    isRequired: isRequired && !isKept,
    value: isKept ? "" : value,
    description: isKept ? t("templates.secret.kept") : isStored ? t("templates.secret.removed") : description,
    onChange: (text: string) => onChange(text === "" && isStored ? MASK : text),
    autoComplete: "new-password",
  } as const;
  return (
    <div>
      {isLong ? <TextArea {...typed} /> : <TextField {...typed} type="password" />}
      {isKept && !rest.isReadOnly && !isRequired && (
        <div className={styles.row}>
          <ActionButton
            isQuiet
            onPress={() => onChange("")}
            aria-label={t("templates.secret.removeOne", { name: rest.label })}
          >
            {t("templates.secret.remove")}
          </ActionButton>
        </div>
      )}
    </div>
  );
}
