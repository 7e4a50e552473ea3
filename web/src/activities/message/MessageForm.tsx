import { Item, Picker } from "@adobe/react-spectrum";
import { ExpressionField } from "@/expressions/ExpressionField";
import { useT } from "@/i18n/useT";
import { DynamicValues } from "../fields/DynamicValues";
import { Mappings } from "../fields/Mappings";
import { MarketingActionPicker } from "../fields/MarketingActionPicker";
import { ReferencePicker } from "../fields/ReferencePicker";
import { RuleSetPicker } from "../fields/RuleSetPicker";
import { Note, Stack } from "../fields/Stack";
import type { FormProps } from "../kind";
import { withMembers } from "../members";
import { useReferences } from "../useReferences";
import { textOf } from "../ways";
import { byChannel, CHANNELS, parametersOfTemplate, subjectOf } from "./message";
import { SendTimeFields } from "./SendTimeFields";

/** What is sent, by which channel, to where. */
export function MessageForm(props: FormProps) {
  const { node, nodeId, document, onChange, isReadOnly } = props;
  const t = useT();
  const { templates, configurations } = useReferences();
  const channel = textOf(node.channel);
  const set = (changes: Record<string, unknown>) => onChange(withMembers(node, changes));
  const offered = templates.filter((one) => one.channel === channel);
  const template = offered.find((one) => one.uid === node.templateUid);
  const ways = configurations.filter((one) => one.channel === channel);
  const usual = ways.find((one) => one.isDefault === true);
  return (
    <Stack>
      <Picker
        label={t("activities.message.channel")}
        selectedKey={channel}
        isDisabled={isReadOnly}
        onSelectionChange={(key) => onChange(byChannel(node, String(key)))}
        width="100%"
      >
        {CHANNELS.map((one) => (
          <Item key={one}>{t(`activities.channel.${one}`)}</Item>
        ))}
      </Picker>
      <ReferencePicker
        key={`template ${channel}`}
        label={t("activities.message.template")}
        list="templates"
        choices={offered.map((one) => ({
          id: one.uid,
          name: one.name,
          detail: one.state === "published" ? subjectOf(one) : t("activities.message.draft"),
        }))}
        value={textOf(node.templateUid)}
        onChange={(templateUid) => set({ templateUid })}
        isReadOnly={isReadOnly}
        href="/templates/new"
        openHref={template && `/templates/${template.uid}`}
        problem={template !== undefined && template.state === "draft" ? t("activities.message.draft") : undefined}
      />
      {template !== undefined && (
        <>
          <Note>{t("activities.message.subject", { subject: subjectOf(template) })}</Note>
          <Note>{t(`activities.message.${template.category === "marketing" ? "marketing" : "transactional"}`)}</Note>
          <Mappings {...props} parameters={parametersOfTemplate(template)} />
        </>
      )}
      <ReferencePicker
        key={`configuration ${channel}`}
        label={t("activities.message.configuration")}
        list="configurations"
        choices={ways.map(({ uid, name }) => ({ id: uid, name }))}
        value={textOf(node.configurationUid)}
        onChange={(uid) => set({ configurationUid: uid === "" ? undefined : uid })}
        isReadOnly={isReadOnly}
        href="/templates/channels"
        isOptional
      />
      {textOf(node.configurationUid) === "" && (
        <Note>
          {usual === undefined ? t("activities.message.inbox") : t("activities.message.default", { name: usual.name })}
        </Note>
      )}
      <ExpressionField
        label={t("activities.message.address")}
        description={t(`activities.address.${channel || "email"}`)}
        value={textOf(node.address)}
        onChange={(address) => set({ address: address === "" ? undefined : address })}
        place={{ document, nodeId }}
        expects="string"
        isReadOnly={isReadOnly}
      />
      <DynamicValues {...props} />
      <SendTimeFields {...props} />
      <RuleSetPicker {...props} />
      <MarketingActionPicker {...props} />
    </Stack>
  );
}
