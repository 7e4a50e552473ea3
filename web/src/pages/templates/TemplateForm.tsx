import { Item, Picker, Radio, RadioGroup, TextArea } from "@adobe/react-spectrum";
import { useT } from "@/i18n/useT";
import { DocumentField } from "./DocumentField";
import { CATEGORIES, type Content, type Draft, type FieldFault, FORMATS, MISSING, shownAt } from "./draft";
import { Parameters } from "./Parameters";
import { SourceField } from "./SourceField";
import { CHANNELS } from "./search";
import styles from "./Template.module.css";

interface Props {
  draft: Draft;
  onChange: (changed: Partial<Draft>) => void;
  fault: FieldFault | null;
  isReadOnly: boolean;
}

type Line = "subject" | "preheader" | "fromName" | "replyTo" | "title" | "link" | "image";

const LINES: Record<Draft["channel"], { name: Line; isRequired?: boolean }[]> = {
  email: [{ name: "subject", isRequired: true }, { name: "preheader" }, { name: "fromName" }, { name: "replyTo" }],
  sms: [],
  push: [{ name: "title", isRequired: true }],
};

/** Every member of a template's document. */
export function TemplateForm({ draft, onChange, fault, isReadOnly }: Props) {
  const t = useT();
  const { content } = draft;
  const write = (changed: Partial<Content>) => onChange({ content: { ...content, ...changed } });
  const line = ({ name, isRequired = false }: { name: Line; isRequired?: boolean }) => (
    <DocumentField
      key={name}
      label={t(`templates.field.${name}`)}
      value={content[name] ?? ""}
      onChange={(value) => write({ [name]: value })}
      isRequired={isRequired}
      isReadOnly={isReadOnly}
      fault={fault}
      path={`$.content.${name}`}
    />
  );
  const choice = <T extends string>(
    name: "channel" | "category" | "missing",
    values: readonly T[],
    value: T,
    isLocked = false,
  ) => (
    <Picker
      label={t(`templates.field.${name}`)}
      items={values.map((id) => ({ id, name: t(`templates.${name}.${id}`) }))}
      selectedKey={value}
      onSelectionChange={(key) => onChange({ [name]: key })}
      isDisabled={isReadOnly || isLocked}
      width="100%"
    >
      {(item) => <Item>{item.name}</Item>}
    </Picker>
  );
  const format = draft.format;
  const bodyFault =
    shownAt(fault, `$.content.${format}`).errorMessage ?? (fault?.path === "$.content" ? fault.message : undefined);
  return (
    <div className={styles.fields}>
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
      <div className={styles.pair}>
        {choice("channel", CHANNELS, draft.channel)}
        {choice("category", CATEGORIES, draft.category)}
        {choice("missing", MISSING, draft.missing)}
      </div>
      {LINES[draft.channel].map(line)}
      {draft.channel === "email" && (
        <>
          <RadioGroup
            label={t("templates.field.format")}
            orientation="horizontal"
            value={format}
            onChange={(key) => onChange({ format: FORMATS.find((one) => one === key) ?? "html" })}
            isReadOnly={isReadOnly}
          >
            {FORMATS.map((one) => (
              <Radio key={one} value={one}>
                {t(`templates.format.${one}`)}
              </Radio>
            ))}
          </RadioGroup>
          <SourceField
            key={format}
            label={t(`templates.format.${format}`)}
            description={t("templates.liquid")}
            value={content[format] ?? ""}
            onChange={(value) => write({ [format]: value })}
            language={format === "text" ? "text" : "html"}
            errorMessage={bodyFault}
            isReadOnly={isReadOnly}
          />
          {format !== "text" && (
            <TextArea
              label={t("templates.field.text")}
              description={t("templates.field.textDetail")}
              value={content.text ?? ""}
              onChange={(text) => write({ text })}
              isReadOnly={isReadOnly}
              width="100%"
              {...shownAt(fault, "$.content.text")}
            />
          )}
        </>
      )}
      {draft.channel !== "email" && (
        <TextArea
          label={t("templates.field.body")}
          description={t("templates.liquid")}
          value={content.body ?? ""}
          onChange={(body) => write({ body })}
          isRequired
          isReadOnly={isReadOnly}
          width="100%"
          height="size-2400"
          {...shownAt(fault, "$.content.body")}
        />
      )}
      {draft.channel === "push" && (["link", "image"] as const).map((name) => line({ name }))}
      <Parameters
        parameters={draft.parameters}
        onChange={(parameters) => onChange({ parameters })}
        fault={fault}
        isReadOnly={isReadOnly}
      />
    </div>
  );
}
